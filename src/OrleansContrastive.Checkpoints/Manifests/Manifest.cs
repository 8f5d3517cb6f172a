using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansContrastive.Checkpoints.Manifests;

/// <summary>
/// What a checkpoint holds: everything that a run needs to go on, at one cut of the commit order. The large parts lie in
/// <see cref="Files"/>; the manifest vouches for their bytes.
/// </summary>
public sealed record Manifest
{
    /// <summary>The layout of manifests that this code writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The layout of this manifest.</summary>
    [JsonRequired]
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The run's name.</summary>
    public required string RunId { get; init; }

    /// <summary>When the manifest was published; the store fills it in.</summary>
    [JsonRequired]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The cut: the number of commits that every shard had applied, and none after it.</summary>
    public required long Version { get; init; }

    /// <summary>Counts the rollbacks of the run; versions of different histories have nothing in common.</summary>
    [JsonRequired]
    public long History { get; init; }

    /// <summary>The activation of the run grain that took the checkpoint.</summary>
    [JsonRequired]
    public long Term { get; init; }

    /// <summary>Samples learned from up to the cut; schedules continue from it.</summary>
    [JsonRequired]
    public long SamplesApplied { get; init; }

    /// <summary>Where the next lease is cut.</summary>
    [JsonRequired]
    public EpochCursor Cursor { get; init; }

    /// <summary>Leases of the open data epochs whose effect is in the cut.</summary>
    [JsonRequired]
    public IReadOnlyList<LeaseRange> AppliedLeases { get; init; } = [];

    /// <summary>Leases that had been granted and were not committed: they are granted again.</summary>
    [JsonRequired]
    public IReadOnlyList<LeaseRange> OpenLeases { get; init; } = [];

    /// <summary>The seeds by purpose.</summary>
    [JsonRequired]
    public IReadOnlyDictionary<string, ulong> Seeds { get; init; } = new Dictionary<string, ulong>();

    /// <summary>The run's resolved specification, as it was written.</summary>
    public required JsonElement Spec { get; init; }

    /// <summary>What the run keeps beyond all this (metrics so far, counters), as it was written; null where nothing.</summary>
    public JsonElement? State { get; init; }

    /// <summary>The machine whose bits exact resumption needs again.</summary>
    [JsonRequired]
    public MachineFacts Machine { get; init; } = new();

    /// <summary>The files of the checkpoint.</summary>
    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>The file of that name.</summary>
    /// <exception cref="CheckpointException">There is none; the message lists the names.</exception>
    public ManifestFile File(string name) =>
        Files.FirstOrDefault(file => file.Name == name)
        ?? throw new CheckpointException(
            $"The checkpoint of run '{RunId}' at version {Version} has no file '{name}'; it has {string.Join(", ", Files.Select(file => file.Name))}.");
}

/// <summary>Where a run stands in its data.</summary>
/// <param name="Epoch">The data epoch, from 0.</param>
/// <param name="NextLease">The index of the first lease of that epoch that was never granted.</param>
public readonly record struct EpochCursor(int Epoch, long NextLease);

/// <summary>A file of a checkpoint.</summary>
/// <param name="Name">Its name in the checkpoint, such as <c>parameters-0-of-2.safetensors</c>.</param>
/// <param name="Path">Its name in the checkpoint's folder, which also carries its writer.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of its content.</param>
public sealed record ManifestFile(string Name, string Path, long Bytes, string Sha256);

/// <summary>What the bits of a floating-point sum depend on. Exact resumption is promised only where all of it is equal.</summary>
public sealed record MachineFacts
{
    /// <summary>Threads of a tensor operation.</summary>
    public int Threads { get; init; }

    /// <summary>The widest vector instructions in use, such as <c>avx2</c>.</summary>
    public string InstructionSet { get; init; } = "";

    /// <summary>The tensor library's version.</summary>
    public string Torch { get; init; } = "";

    /// <summary>The precision of the network passes, such as <c>float32</c>.</summary>
    public string Precision { get; init; } = "";

    /// <summary>Names the facts in which another machine differs, each with both values; empty where it has none.</summary>
    public IReadOnlyList<string> DifferencesTo(MachineFacts other)
    {
        var pairs = new (string Name, object Mine, object Other)[]
        {
            ("threads", Threads, other.Threads),
            ("instruction set", InstructionSet, other.InstructionSet),
            ("torch", Torch, other.Torch),
            ("precision", Precision, other.Precision),
        };
        return [.. pairs.Where(pair => !pair.Mine.Equals(pair.Other)).Select(pair => $"{pair.Name}: {pair.Mine} there, {pair.Other} here")];
    }
}

/// <summary>The JSON of manifests: camel case, indented, every value present.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
