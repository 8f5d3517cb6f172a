using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Checkpoints.Manifests;

/// <summary>
/// Checkpoints in a store: one folder per version, its files first and <c>manifest.json</c> last, by one write that asks
/// for its absence. So a checkpoint is visible whole or not at all, and of two writers of one version exactly one wins. File
/// names carry their writer, so the loser cannot have touched the winner's files. Thread-safe.
/// </summary>
/// <param name="store">Where the checkpoints lie.</param>
/// <param name="prefix">The folder of all checkpoints in the store, such as <c>my-run/checkpoints</c>.</param>
/// <param name="time">The clock of <see cref="Manifest.CreatedAt"/>.</param>
public sealed class ManifestStore(ICheckpointStore store, string prefix = "checkpoints", TimeProvider? time = null)
{
    private const string ManifestName = "manifest.json";
    private const string WithdrawnName = "withdrawn.json";
    private const int VersionDigits = 12;

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>
    /// Writes one file of a checkpoint to be; nothing refers to it before <see cref="PublishAsync"/>. Several silos may write
    /// the files of one checkpoint, each its own.
    /// </summary>
    /// <param name="version">The cut.</param>
    /// <param name="writer">Tells apart all who may ever write this version: the term of the run grain.</param>
    /// <param name="name">The file's name in the checkpoint.</param>
    /// <param name="write">Fills the file, forward only.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left.</param>
    /// <returns>The line of the manifest.</returns>
    public async Task<ManifestFile> WriteFileAsync(
        long version, string writer, string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(writer);
        var extension = Path.GetExtension(name);
        var path = $"{name[..^extension.Length]}.{ObjectKey.Segment(writer)}{extension}";
        ManifestFile? written = null;
        await store.WriteLargeAsync(
            KeyOf(version, path),
            async (stream, token) =>
            {
                await using var hashing = new HashingStream(stream);
                await write(hashing, token).ConfigureAwait(false);
                written = new ManifestFile(name, path, hashing.Length, hashing.Sha256());
            },
            WriteCondition.None,
            cancellationToken).ConfigureAwait(false);
        return written!;
    }

    /// <summary>Makes the checkpoint visible: its files must have been written.</summary>
    /// <returns>The manifest as it was published.</returns>
    /// <exception cref="CheckpointConflictException">
    /// The version is published already, or a later term has published one: this writer has been replaced.
    /// </exception>
    public async Task<Manifest> PublishAsync(Manifest manifest, CancellationToken cancellationToken = default)
    {
        var latest = await LatestAsync(cancellationToken).ConfigureAwait(false);
        if (latest is not null && latest.Term > manifest.Term)
        {
            throw new CheckpointConflictException(
                $"Term {manifest.Term} cannot publish version {manifest.Version} in {Where}: term {latest.Term} has published version {latest.Version}.");
        }

        var published = manifest with { Format = Manifest.CurrentFormat, CreatedAt = _time.GetUtcNow() };
        var json = JsonSerializer.SerializeToUtf8Bytes(published, ManifestJson.Default.Manifest);
        try
        {
            await store.WriteAsync(KeyOf(manifest.Version, ManifestName), json, WriteCondition.IfAbsent, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ConditionFailedException)
        {
            throw new CheckpointConflictException($"Version {manifest.Version} in {Where} is published already, by another writer.");
        }

        return published;
    }

    /// <summary>The versions that are published, ascending.</summary>
    public async Task<IReadOnlyList<long>> VersionsAsync(CancellationToken cancellationToken = default)
    {
        var versions = new List<long>();
        await foreach (var key in store.ListAsync($"{prefix}/", cancellationToken).ConfigureAwait(false))
        {
            if (VersionOf(key) is var (version, file) && file == ManifestName) versions.Add(version);
        }

        versions.Sort();
        return versions;
    }

    /// <summary>The published manifest of the highest version, or null where there is none.</summary>
    public async Task<Manifest?> LatestAsync(CancellationToken cancellationToken = default)
    {
        for (var before = -1L; ;)
        {
            if (await VersionsAsync(cancellationToken).ConfigureAwait(false) is not [.., var last]) return null;
            try
            {
                return await ReadAsync(last, cancellationToken).ConfigureAwait(false);
            }
            catch (CheckpointException) when (last != before)
            {
                // A run that goes on may have published a newer one and pruned this one since it was listed.
                before = last;
            }
        }
    }

    /// <summary>The published manifest of a version.</summary>
    /// <exception cref="CheckpointException">It is not there (the message lists what is), or cannot be understood.</exception>
    public async Task<Manifest> ReadAsync(long version, CancellationToken cancellationToken = default)
    {
        var key = KeyOf(version, ManifestName);
        if (await store.ReadAsync(key, cancellationToken).ConfigureAwait(false) is not { } stored)
        {
            var there = await VersionsAsync(cancellationToken).ConfigureAwait(false);
            throw new CheckpointException(
                $"There is no checkpoint of version {version} in {Where}; there {(there.Count == 0 ? "is none" : $"are {string.Join(", ", there)}")}.");
        }

        Manifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(stored.Content.Span, ManifestJson.Default.Manifest)
                ?? throw new CheckpointException($"{Path.Combine(store.Location, key)} holds 'null', expected a manifest.");
        }
        catch (JsonException fault)
        {
            throw new CheckpointException($"{Path.Combine(store.Location, key)} is not a manifest: {fault.Message}", fault);
        }

        if (manifest.Format != Manifest.CurrentFormat)
        {
            throw new CheckpointException(
                $"{Path.Combine(store.Location, key)} has format {manifest.Format}; this program reads format {Manifest.CurrentFormat}.");
        }

        if (manifest.Version != version)
            throw new CheckpointCorruptedException(Path.Combine(store.Location, key), $"version {version}", $"version {manifest.Version}");
        return manifest;
    }

    /// <summary>Reads a file of a checkpoint and vouches for its bytes.</summary>
    /// <exception cref="CheckpointCorruptedException">It is missing, or its length or hash is another; both are named.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadFileAsync(Manifest manifest, string name, CancellationToken cancellationToken = default)
    {
        var file = manifest.File(name);
        var stored = await store.ReadAsync(KeyOf(manifest.Version, file.Path), cancellationToken).ConfigureAwait(false);
        if (stored is null) throw Missing(manifest, file);

        var damage = Difference(manifest, file, stored.Content.Length, Convert.ToHexStringLower(SHA256.HashData(stored.Content.Span)));
        return damage is null ? stored.Content : throw damage;
    }

    /// <summary>Reads every file of a checkpoint and compares it with the manifest.</summary>
    /// <exception cref="CheckpointCorruptedException">The first damaged file, with the expected and the found.</exception>
    public async Task VerifyAsync(Manifest manifest, CancellationToken cancellationToken = default)
    {
        await foreach (var damage in DamageAsync(manifest, cancellationToken).ConfigureAwait(false)) throw damage;
    }

    /// <summary>Reads every file of a checkpoint and names all that are missing or not the ones that were written.</summary>
    public async IAsyncEnumerable<CheckpointCorruptedException> DamageAsync(
        Manifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var file in manifest.Files)
        {
            await using var stream = await store.OpenReadAsync(KeyOf(manifest.Version, file.Path), cancellationToken).ConfigureAwait(false);
            var damage = stream is null
                ? Missing(manifest, file)
                : Difference(manifest, file, stream.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false)));
            if (damage is not null) yield return damage;
        }
    }

    /// <summary>
    /// Makes <paramref name="version"/> the newest checkpoint again: the manifests of later ones become
    /// <c>withdrawn.json</c>, so that the run goes on from here and may write their versions anew. Their files stay until they
    /// are pruned. Not while somebody publishes.
    /// </summary>
    /// <returns>The versions that were withdrawn.</returns>
    /// <exception cref="CheckpointException">There is no readable checkpoint of that version; nothing was changed.</exception>
    public async Task<IReadOnlyList<long>> RewindAsync(long version, CancellationToken cancellationToken = default)
    {
        await ReadAsync(version, cancellationToken).ConfigureAwait(false);
        var later = (await VersionsAsync(cancellationToken).ConfigureAwait(false)).Where(other => other > version).ToArray();
        // From the newest down, so that an interrupted rewind leaves a run that goes on from a version between.
        foreach (var other in later.Reverse())
        {
            if (await store.ReadAsync(KeyOf(other, ManifestName), cancellationToken).ConfigureAwait(false) is not { } manifest) continue;
            await store.WriteAsync(KeyOf(other, WithdrawnName), manifest.Content, WriteCondition.None, cancellationToken).ConfigureAwait(false);
            await store.DeleteAsync(KeyOf(other, ManifestName), WriteCondition.IfMatch(manifest.ETag), cancellationToken).ConfigureAwait(false);
        }

        return later;
    }

    /// <summary>
    /// Deletes all but the <paramref name="keep"/> highest published versions, and what unfinished writers left below the
    /// highest one. A manifest goes before its files, so no checkpoint is ever visible in part.
    /// </summary>
    /// <returns>The versions that were deleted.</returns>
    public async Task<IReadOnlyList<long>> PruneAsync(int keep, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        var published = await VersionsAsync(cancellationToken).ConfigureAwait(false);
        if (published.Count == 0) return [];

        var kept = published.TakeLast(keep).ToHashSet();
        var doomed = published.Where(version => !kept.Contains(version)).ToArray();
        foreach (var version in doomed)
            await store.DeleteAsync(KeyOf(version, ManifestName), WriteCondition.None, cancellationToken).ConfigureAwait(false);

        var newest = published[^1];
        await foreach (var key in store.ListAsync($"{prefix}/", cancellationToken).ConfigureAwait(false))
        {
            if (VersionOf(key) is var (version, _) && version < newest && !kept.Contains(version))
                await store.DeleteAsync(key, WriteCondition.None, cancellationToken).ConfigureAwait(false);
        }

        return doomed;
    }

    private string Where => Path.Combine(store.Location, prefix);

    private string KeyOf(long version, string file)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        return $"{prefix}/{version.ToString(CultureInfo.InvariantCulture).PadLeft(VersionDigits, '0')}/{file}";
    }

    private (long Version, string File)? VersionOf(string key)
    {
        var parts = key[(prefix.Length + 1)..].Split('/', 2);
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? (version, parts[1])
            : null;
    }

    private CheckpointCorruptedException? Difference(Manifest manifest, ManifestFile file, long bytes, string sha256) =>
        bytes == file.Bytes && sha256 == file.Sha256
            ? null
            : new(PathOf(manifest, file), $"{file.Bytes} bytes with SHA-256 {file.Sha256}", $"{bytes} bytes with SHA-256 {sha256}");

    private CheckpointCorruptedException Missing(Manifest manifest, ManifestFile file) =>
        new(PathOf(manifest, file), $"{file.Bytes} bytes with SHA-256 {file.Sha256}", "no file");

    private string PathOf(Manifest manifest, ManifestFile file) => Path.Combine(store.Location, KeyOf(manifest.Version, file.Path));
}
