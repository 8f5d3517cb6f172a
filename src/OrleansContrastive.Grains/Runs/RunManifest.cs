using System.Text.Json;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>A run's cut as a manifest, and back.</summary>
public static class RunManifest
{
    private sealed record State(long LeasesSkipped);

    /// <summary>The spec that a manifest holds.</summary>
    /// <exception cref="CheckpointException">It holds none that can be read.</exception>
    public static RunSpec SpecOf(Manifest manifest)
    {
        try
        {
            return manifest.Spec.Deserialize<RunSpec>() ?? throw new CheckpointException($"The manifest of run '{manifest.RunId}' holds no spec.");
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"The spec in the manifest of run '{manifest.RunId}' cannot be read: {exception.Message}", exception);
        }
    }

    internal static Manifest Create(
        string run, RunSpec spec, Fence fence, LedgerCursor cut, IReadOnlyList<ManifestFile> files, MachineFacts machine)
    {
        var next = LeaseId.At(cut.ClosedBelow, spec.LeasesPerEpoch);
        return new()
        {
            RunId = run,
            Version = cut.Version,
            History = fence.History,
            Term = fence.Term,
            SamplesApplied = cut.SamplesApplied,
            Cursor = new(next.Epoch, next.Index),
            AppliedLeases = LeaseRange.Compress(cut.AppliedAbove.Select(ordinal => LeaseId.At(ordinal, spec.LeasesPerEpoch)).Select(lease => (lease.Epoch, (long)lease.Index))),
            Seeds = new Dictionary<string, ulong> { ["run"] = spec.Seed },
            Spec = JsonSerializer.SerializeToElement(spec),
            State = JsonSerializer.SerializeToElement(new State(cut.LeasesSkipped)),
            Machine = machine,
            Files = files,
        };
    }

    internal static LedgerCursor CutOf(Manifest manifest, RunSpec spec) => LedgerCursor.At(
        spec.LeasesPerEpoch,
        manifest.Version,
        manifest.SamplesApplied,
        manifest.State?.Deserialize<State>()?.LeasesSkipped ?? 0,
        new LeaseId(manifest.Cursor.Epoch, (int)manifest.Cursor.NextLease).Ordinal(spec.LeasesPerEpoch),
        manifest.AppliedLeases.SelectMany(range => Enumerable.Range((int)range.First, (int)range.Count).Select(index => new LeaseId(range.Epoch, index).Ordinal(spec.LeasesPerEpoch))));
}
