using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;
using OrleansContrastive.Silo;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>Every variable that a container is given means something: a property of the program's options, or a name that the code reads.</summary>
internal static partial class Variables
{
    // Read by name, by what is not configuration: Azure's credential chain, the data sets' cache, the runtimes.
    private static readonly string[] Known = ["AZURE_CLIENT_ID", "OC_CACHE", "HOME", "PATH", "OMP_WAIT_POLICY", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"];

    /// <summary>The sections of a silo's configuration and what they are bound to: drifts with the code.</summary>
    private static readonly Dictionary<string, Type> Sections = new(
        typeof(NodeSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.PropertyType.IsClass && property.PropertyType != typeof(string))
            .Select(property => KeyValuePair.Create(property.Name, property.PropertyType)).Append(KeyValuePair.Create("Log", typeof(LogSettings))),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The variables of all containers of a template's arrays, the images and the composition.</summary>
    public static IEnumerable<string> Problems(Tree tree)
    {
        foreach (var path in tree.Templates)
        {
            var arrays = tree.Bicep(path).Select(statement => statement.Value).OfType<Expression>().SelectMany(value => value.All()).OfType<ObjectValue>()
                .SelectMany(value => value.Properties).Where(property => property.Key is Text { Literal: "env" });
            foreach (var (name, value) in arrays.SelectMany(property => Of(property.Value)))
            {
                foreach (var problem in Judge(path, name, (value as Text)?.Literal)) yield return problem;
            }
        }

        foreach (var path in Dockerfiles.Files)
        {
            foreach (var (name, value) in Dockerfile.Read(tree, path).Instructions.Where(instruction => instruction is { Name: "ENV", Stage: "final" }).SelectMany(instruction => instruction.Pairs()))
            {
                foreach (var problem in Judge(path, name, value.Contains('$', StringComparison.Ordinal) ? null : value)) yield return problem;
            }
        }

        foreach (var (service, value) in tree.Yaml(Composition.File).Maps("services"))
        {
            if (!value.IsMap("environment")) continue;
            var environment = value.Section("environment");
            foreach (var name in environment.Keys)
            {
                foreach (var problem in Judge($"{Composition.File}: {service}", name, environment.Text(name))) yield return problem;
            }

            if (environment.Has("Worker__Roles"))
            {
                foreach (var problem in Whole($"{Composition.File}: {service}", environment.Keys.ToDictionary(name => name, environment.Text))) yield return problem;
            }
        }

        foreach (var problem in Whole(SiloApp.File, SiloVariables(tree))) yield return problem;
    }

    /// <summary>The entries of an env array: objects with name and value, also behind concat and conditions. A name stands for what the file calls so.</summary>
    public static IEnumerable<(string Name, Expression? Value)> Of(Expression? env) =>
        from entry in env?.All().OfType<ObjectValue>() ?? []
        where entry["name"] is Text { Literal: not null } && entry["value"] is not null
        select (((Text)entry["name"]!).Literal!, entry["value"]);

    /// <summary>Within what time a host with these variables stops, as the program configures it.</summary>
    public static TimeSpan ShutdownTimeout(IReadOnlyDictionary<string, string?> variables)
    {
        using var folder = new OrleansContrastive.Tests.Shared.TemporaryFolder();
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(variables.Where(variable => variable.Key.StartsWith("Worker__", StringComparison.Ordinal) && variable.Value is not null)
            .Select(variable => KeyValuePair.Create(variable.Key.Replace("__", ":", StringComparison.Ordinal), variable.Value)).Append(KeyValuePair.Create("Store:Address", (string?)folder.Path)));
        builder.AddContrastiveNode();
        using var services = builder.Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
    }

    private static Dictionary<string, string?> SiloVariables(Tree tree)
    {
        var app = tree.Bicep(SiloApp.File).First(statement => statement.Kind == Kind.Resource).Body!;
        var container = (app.At("properties", "template", "containers") as ArrayValue)!.Items.Single();
        return Of(container["env"]).ToDictionary(variable => variable.Name, variable => (string?)((variable.Value as Text)?.Literal ?? Sample(variable.Name)));
    }

    /// <summary>What the cloud will say where the template does not know it.</summary>
    private static string Sample(string name) => name switch
    {
        "Store__Address" => "https://account.blob.core.windows.net/contrastive",
        "Endpoints__Advertise" => "10.60.0.10",
        "Endpoints__SiloPort" or "Endpoints__ListenSiloPort" => "11101",
        "Endpoints__GatewayPort" or "Endpoints__ListenGatewayPort" => "11201",
        "Health__Port" => "8080",
        "Worker__Roles" => "all",
        "Worker__Device" => "cpu",
        // Only builds with the official packages take it.
        "Cluster__Tables" => "",
        _ => "sample",
    };

    private static IEnumerable<string> Judge(string place, string name, string? value)
    {
        if (Known.Contains(name)) yield break;
        if (name.Split("__") is not [var section, var key]) yield return $"{place}: {name} is no variable that the program reads.";
        else if (!Sections.TryGetValue(section, out var type)) yield return $"{place}: {name}: there is no section {section}; known: {string.Join(", ", Sections.Keys)}.";
        else if (type.GetProperty(key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is not { CanWrite: true } property) yield return $"{place}: {name}: {type.Name} has no property {key}.";
        else if (value is not null && !Parses(property.PropertyType, value)) yield return $"{place}: {name} is '{value}', which is no {property.PropertyType.Name}.";
    }

    private static bool Parses(Type type, string value)
    {
        try
        {
            if (type == typeof(Contracts.Workers.WorkerRoles)) RoleNames.Parse(value);
            else System.ComponentModel.TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
            return true;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>All of them together, as a silo reads them.</summary>
    private static IEnumerable<string> Whole(string place, Dictionary<string, string?> variables)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            variables.Where(variable => !variable.Key.StartsWith("Log__", StringComparison.Ordinal))
                .Select(variable => KeyValuePair.Create(variable.Key.Replace("__", ":", StringComparison.Ordinal), variable.Key == "Endpoints__Advertise" && !Address().IsMatch(variable.Value ?? "") ? "127.0.0.1" : variable.Value))).Build();
        try
        {
            NodeSettings.Read(configuration);
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return exception.Failures.Select(failure => $"{place}: {failure}");
        }
    }

    [GeneratedRegex(@"^[0-9.]+$")]
    private static partial Regex Address();
}
