using OrleansContrastive.Contracts.Leases;

namespace OrleansContrastive.Grains.Tests.Protocol;

/// <summary>An encoder that computes nothing: it holds one lease and knows who has acknowledged its stages.</summary>
internal sealed class SimulatedEncoder(string name)
{
    public string Name { get; } = name;

    public LeaseReply? Lease { get; private set; }

    public long History { get; private set; }

    /// <summary>Number of the view that it works in.</summary>
    public long View { get; private set; }

    /// <summary>The members that it stages at.</summary>
    public IReadOnlyList<SimulatedMember> Members { get; private set; } = [];

    /// <summary>Version that it computes with; null before it may.</summary>
    public long? BaseVersion { get; private set; }

    public HashSet<SimulatedMember> Acknowledged { get; } = [];

    public void Take(LeaseReply lease, long history)
    {
        (Lease, History, BaseVersion) = (lease, history, null);
        Acknowledged.Clear();
    }

    public void Begin(LeaseReply lease, long version)
    {
        if (Lease == lease) BaseVersion ??= version;
    }

    public void Look(long view, IReadOnlyList<SimulatedMember> members) => (View, Members) = (view, members);

    public void Acknowledge(LeaseReply lease, SimulatedMember member)
    {
        if (Lease == lease) Acknowledged.Add(member);
    }

    public void Drop() => Lease = null;
}
