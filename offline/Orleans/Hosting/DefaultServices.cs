using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Membership;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>What a silo or a client is made of, in the host's services.</summary>
internal static class DefaultServices
{
    /// <summary>Adds a silo; a second call gives the same silo to be configured on.</summary>
    public static ISiloBuilder AddSilo(IServiceCollection services, IConfiguration configuration)
    {
        if (IsAdded<Client>(services)) throw Both();
        if (!IsAdded<Silo>(services))
        {
            AddCommon(services);
            services.PostConfigure<SiloOptions>(options => options.SiloName ??= $"Silo_{Guid.NewGuid().ToString("N")[..5]}");
            services.AddSingleton<IConfigureOptions<GrainTypeOptions>, GrainTypeDiscovery>();
            services.AddSingleton<IConfigurationValidator, SiloOptionsValidator>();
            services.AddSingleton<RuntimeLog>();
            services.AddSingleton<ILocalSiloDetails, LocalSiloDetails>();
            services.AddSingleton<Silo>();
            services.AddSingleton<SiloLifecycle>();
            services.AddSingleton<ISiloLifecycle>(it => it.GetRequiredService<SiloLifecycle>());
            services.AddSingleton<MembershipAgent>();
            services.AddSingleton<IGrainFactory>(it => it.GetRequiredService<Silo>().GrainFactory);
            services.AddSingleton<IClusterClient>(it => it.GetRequiredService<Silo>().GrainFactory);
            services.AddScoped<ActivationHolder>();
            services.AddScoped<IGrainContext>(it => it.GetRequiredService<ActivationHolder>().Activation
                ?? throw new InvalidOperationException("There is no grain in this scope."));
            services.AddHostedService<SiloHostedService>();
        }

        return new SiloBuilder(services, configuration);
    }

    /// <summary>Adds a client; a second call gives the same client to be configured on.</summary>
    public static IClientBuilder AddClient(IServiceCollection services, IConfiguration configuration)
    {
        if (IsAdded<Silo>(services)) throw Both();
        if (!IsAdded<Client>(services))
        {
            AddCommon(services);
            services.AddSingleton<Client>();
            services.AddSingleton<IGrainFactory>(it => it.GetRequiredService<Client>().Factory);
            services.AddSingleton<IClusterClient>(it => it.GetRequiredService<Client>().Factory);
            services.AddHostedService<ClientHostedService>();
        }

        return new ClientBuilder(services, configuration);
    }

    private static void AddCommon(IServiceCollection services)
    {
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
    }

    private static bool IsAdded<T>(IServiceCollection services) => services.Any(service => service.ServiceType == typeof(T));

    private static OrleansConfigurationException Both() =>
        new("A host has either a silo or a client: a silo is its own client (IGrainFactory, IClusterClient).");
}
