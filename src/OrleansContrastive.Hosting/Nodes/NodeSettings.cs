using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OrleansContrastive.Hosting.Health;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Everything that configuration says about a node, read and judged before anything is started.</summary>
internal sealed record NodeSettings
{
    public required ClusterSettings Cluster { get; init; }

    public required StoreSettings Store { get; init; }

    public required EndpointSettings Endpoints { get; init; }

    public required FailureDetection Membership { get; init; }

    public required WorkerOptions Worker { get; init; }

    public required HealthSettings Health { get; init; }

    public required NetworkGuard Network { get; init; }

    /// <exception cref="OptionsValidationException">Problems of any section, all of them.</exception>
    public static NodeSettings Read(IConfiguration configuration)
    {
        var problems = new List<string>();
        var settings = new NodeSettings
        {
            Cluster = Section<ClusterSettings>("Cluster"),
            Store = Section<StoreSettings>("Store"),
            Endpoints = Section<EndpointSettings>("Endpoints"),
            Membership = Section<FailureDetection>("Membership"),
            Worker = Worker(),
            Health = Section<HealthSettings>("Health"),
            Network = Section<NetworkGuard>(NetworkGuard.Section),
        };
        Judge(new ClusterSettingsValidator(), settings.Cluster);
        Judge(new StoreSettingsValidator(), settings.Store);
        Judge(new EndpointSettingsValidator(), settings.Endpoints);
        Judge(new FailureDetectionValidator(), settings.Membership);
        Judge(new WorkerOptionsValidator(), settings.Worker);
        Judge(new HealthSettingsValidator(), settings.Health);
        Judge(new NetworkGuardValidator(), settings.Network);
        LoadMethods();
        return problems.Count == 0 ? settings : throw new OptionsValidationException("node", typeof(NodeSettings), problems);

        // The one thing that reading does: only what is loaded can be judged.
        void LoadMethods()
        {
            try
            {
                MethodLibraries.Load(configuration["Contrastive:Methods"]);
            }
            catch (ArgumentException exception)
            {
                problems.Add($"Contrastive:{exception.Message}");
            }
        }

        T Section<T>(string name) where T : class, new()
        {
            var (options, found) = NodeOptions.Bind<T>(configuration, name);
            problems.AddRange(found);
            return options;
        }

        WorkerOptions Worker()
        {
            try
            {
                return Bind(configuration, new());
            }
            catch (Exception exception) when (exception is FormatException or InvalidOperationException)
            {
                problems.Add($"Section Worker: {exception.Message}");
                return new();
            }
        }

        void Judge<T>(IValidateOptions<T> validator, T options) where T : class
        {
            if (validator.Validate(null, options) is { Failed: true } result) problems.AddRange(result.Failures ?? []);
        }
    }

    /// <summary>Reads the section Worker into options. Roles are names with commas between them.</summary>
    /// <exception cref="FormatException">A value cannot be read; the message names it.</exception>
    public static WorkerOptions Bind(IConfiguration configuration, WorkerOptions options)
    {
        foreach (var value in configuration.GetSection("Worker").GetChildren())
        {
            if (value.Key.Equals("Roles", StringComparison.OrdinalIgnoreCase)) options.Roles = RoleNames.Parse(value.Value ?? "");
            else if (!NodeOptions.TrySet(options, value, out var problem)) throw new FormatException(problem);
        }

        return options;
    }
}
