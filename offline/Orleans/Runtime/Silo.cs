using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>The parts of one silo, and how they hold together.</summary>
internal sealed class Silo : IDisposable
{
    private readonly IOptions<GrainTypeOptions> _types;
    private GrainClasses? _classes;
    private IIncomingGrainCallFilter[]? _filters;

    public Silo(
        IServiceProvider services, IOptions<GrainTypeOptions> types, IOptions<GrainCollectionOptions> collection,
        IOptions<SiloMessagingOptions> messaging, ILocalSiloDetails details, TimeProvider time, RuntimeLog log)
    {
        Services = services;
        _types = types;
        Collection = collection.Value;
        Details = details;
        Time = time;
        Log = log;
        Catalog = new Catalog(this);
        Router = new LocalRouter(Catalog);
        Sender = new CallSender(messaging.Value, time);
        References = new ReferenceFactory(Sender);
    }

    public IServiceProvider Services { get; }

    public GrainCollectionOptions Collection { get; }

    public ILocalSiloDetails Details { get; }

    public TimeProvider Time { get; }

    public RuntimeLog Log { get; }

    public Catalog Catalog { get; }

    public IMessageRouter Router { get; }

    public CallSender Sender { get; }

    public ReferenceFactory References { get; }

    public GrainFactory GrainFactory => field ??= new GrainFactory(References, Classes, Services);

    public GrainClasses Classes => _classes ??= new GrainClasses(_types.Value.Classes.Select(type => new GrainClass(type, Collection)));

    // Late, since a filter may ask for the grain factory.
    public IIncomingGrainCallFilter[] Filters => _filters ??= [.. Services.GetServices<IIncomingGrainCallFilter>()];

    /// <summary>Begins to take calls.</summary>
    public void Start()
    {
        _ = Classes;
        _ = Filters;
        Catalog.Start(Collection, Time);
        Sender.Router = Router;
    }

    /// <summary>Ends all activations, then refuses calls.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Catalog.StopAsync(cancellationToken).ConfigureAwait(false);
        Dispose();
    }

    public void Dispose()
    {
        LocalGateways.Remove(this);
        Sender.Dispose();
        Catalog.Dispose();
    }
}
