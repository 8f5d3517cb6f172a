using Orleans.Runtime;

namespace Orleans.Membership;

/// <summary>
/// Which silo owns which part of the grain directory: each silo takes several points on a circle of hashes, and owns what lies
/// before its points. The same wherever it is computed, and little moves when a silo comes or goes.
/// </summary>
internal sealed class Ring
{
    private const int PointsPerSilo = 32;

    private readonly uint[] _points;
    private readonly SiloAddress[] _owners;

    public Ring(IReadOnlyList<SiloAddress> silos)
    {
        var points = silos
            .SelectMany(silo => Enumerable.Range(0, PointsPerSilo).Select(index => (Point: PointOf(silo, index), Silo: silo)))
            .OrderBy(it => it.Point).ThenBy(it => it.Silo).ToArray();
        _points = [.. points.Select(it => it.Point)];
        _owners = [.. points.Select(it => it.Silo)];
    }

    /// <summary>Who owns the directory's entry of a grain; null where there is no silo.</summary>
    public SiloAddress? OwnerOf(GrainId grain)
    {
        if (_points.Length == 0) return null;
        var index = Array.BinarySearch(_points, Spread(grain.GetUniformHashCode()));
        if (index < 0) index = ~index;
        return _owners[index == _points.Length ? 0 : index];
    }

    private static uint PointOf(SiloAddress silo, int index) =>
        Spread(IdSpan.Create($"{silo.ToParsableString()}/{index}").GetUniformHashCode());

    // Similar names must not lie side by side.
    private static uint Spread(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x7FEB352D;
        hash ^= hash >> 15;
        hash *= 0x846CA68B;
        return hash ^ (hash >> 16);
    }
}
