using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Directory;
using Orleans.Membership;
using Orleans.Networking;

namespace Orleans.Runtime;

/// <summary>The parts of one silo that serve grains, and how they hold together. Its sockets are <see cref="SiloNetwork"/>.</summary>
internal sealed class Silo : IDisposable
{
    private readonly IOptions<SiloMessagingOptions> _messaging;
    private IIncomingGrainCallFilter[]? _filters;

    public Silo(
        IServiceProvider services, IOptions<GrainCollectionOptions> collection, IOptions<SiloMessagingOptions> messaging,
        ILocalSiloDetails details, HostedClasses hosted, ClusterTypes types, ClusterMembership membership, Peers peers, TimeProvider time,
        RuntimeLog log)
    {
        _messaging = messaging;
        Services = services;
        Collection = collection.Value;
        Details = details;
        Hosted = hosted;
        Types = types;
        Membership = membership;
        Peers = peers;
        Time = time;
        Log = log;
        Catalog = new Catalog(this);
        Directory = new GrainDirectory(membership, peers, log);
        Directory.DuplicateFound += Catalog.EndDuplicate;
        Sender = new CallSender(messaging.Value, time);
        References = new ReferenceFactory(Sender);
    }

    public IServiceProvider Services { get; }

    public GrainCollectionOptions Collection { get; }

    public ILocalSiloDetails Details { get; }

    public HostedClasses Hosted { get; }

    public ClusterTypes Types { get; }

    public ClusterMembership Membership { get; }

    public Peers Peers { get; }

    public TimeProvider Time { get; }

    public RuntimeLog Log { get; }

    public Catalog Catalog { get; }

    public GrainDirectory Directory { get; }

    public ClusterRouter Router => field ??= new ClusterRouter(Catalog, Directory, Membership, Types, Peers, Classes, _messaging.Value);

    public CallSender Sender { get; }

    public ReferenceFactory References { get; }

    public GrainFactory GrainFactory
    {
        get
        {
            if (field is null)
            {
                // Its own classes are known before the silo runs; who hosts them, afterwards.
                Types.Learn(Hosted.Descriptions);
                field = new GrainFactory(References, Types, Services);
            }

            return field;
        }
    }

    public GrainClasses Classes => Hosted.Classes;

    // Late, since a filter may ask for the grain factory.
    public IIncomingGrainCallFilter[] Filters => _filters ??= [.. Services.GetServices<IIncomingGrainCallFilter>()];

    /// <summary>Begins to take calls.</summary>
    public void Start()
    {
        _ = Filters;
        Types.Set(Details.SiloAddress, Hosted.Descriptions);
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
        Sender.Dispose();
        Catalog.Dispose();
    }
}
