using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Membership;
using Orleans.Networking;
using Orleans.Runtime;
using Orleans.Serialization;

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
            AddCommon(services, configuration);
            services.PostConfigure<SiloOptions>(options => options.SiloName ??= $"Silo_{Guid.NewGuid().ToString("N")[..5]}");
            services.AddSingleton<IConfigureOptions<GrainTypeOptions>, GrainTypeDiscovery>();
            services.AddSingleton<IConfigurationValidator, SiloOptionsValidator>();
            services.AddSingleton<ILocalSiloDetails, LocalSiloDetails>();
            services.AddSingleton<HostedClasses>();
            services.AddSingleton<Peers>();
            services.AddSingleton<ClusterMembership>();
            services.AddSingleton<FailureDetector>();
            services.AddSingleton<Silo>();
            services.AddSingleton<SiloNetwork>();
            services.AddSingleton(it => new MessageCodec(it.GetRequiredService<WireTypes>(), it.GetRequiredService<Silo>().References));
            services.AddSingleton<SiloLifecycle>();
            services.AddSingleton<ISiloLifecycle>(it => it.GetRequiredService<SiloLifecycle>());
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
            AddCommon(services, configuration);
            services.AddSingleton<ClientCalls>();
            services.AddSingleton<Gateways>();
            services.AddSingleton<Func<Gateways>>(it => it.GetRequiredService<Gateways>);
            services.AddSingleton(it => new MessageCodec(it.GetRequiredService<WireTypes>(), it.GetRequiredService<ClientCalls>().References));
            services.TryAddSingleton<IClientConnectionRetryFilter, LinearBackoffClientConnectionRetryFilter>();
            services.AddSingleton<Client>();
            services.AddSingleton<IGrainFactory>(it => it.GetRequiredService<Client>().Factory);
            services.AddSingleton<IClusterClient>(it => it.GetRequiredService<Client>().Factory);
            services.AddHostedService<ClientHostedService>();
        }

        return new ClientBuilder(services, configuration);
    }

    private static void AddCommon(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<RuntimeLog>();
        services.AddSingleton<ClusterTypes>();
        services.AddSingleton<Dialer>();
        services.AddSingleton(_ => new WireTypes(GrainTypeDiscovery.Assemblies()));
        services.Configure<NetworkSecurityOptions>(configuration.GetSection(NetworkSecurityOptions.Section));
        services.PostConfigure<NetworkSecurityOptions>(static options =>
        {
            if (options.CertificateFile is { } file)
                options.Certificate ??= X509CertificateLoader.LoadPkcs12FromFile(file, options.CertificatePassword);
        });
    }

    private static bool IsAdded<T>(IServiceCollection services) => services.Any(service => service.ServiceType == typeof(T));

    private static OrleansConfigurationException Both() =>
        new("A host has either a silo or a client: a silo is its own client (IGrainFactory, IClusterClient).");
}
