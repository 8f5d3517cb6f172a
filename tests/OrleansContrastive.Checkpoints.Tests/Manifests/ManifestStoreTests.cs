using System.Text.Json;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Checkpoints.Tests.Tensors;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Manifests;

public sealed class ManifestStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly FolderStore _store;
    private readonly ManifestStore _manifests;

    public ManifestStoreTests()
    {
        _store = new FolderStore(_folder.Path, flushToDisk: false);
        _manifests = new ManifestStore(_store, "run/checkpoints", new FixedClock());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_checkpoint_comes_back_whole()
    {
        var tensor = SafeTensorsTests.Tensor("fc.weight", TensorType.Float32, [3, 4]);
        var file = await _manifests.WriteFileAsync(
            12, "term-3", "parameters-0-of-1.safetensors", (stream, token) => SafeTensors.WriteAsync(stream, [tensor], null, token), Token);
        var manifest = new Manifest
        {
            RunId = "run",
            Version = 12,
            History = 1,
            Term = 3,
            SamplesApplied = 12 * 256,
            Cursor = new EpochCursor(2, 40),
            AppliedLeases = [new LeaseRange(1, 0, 233), new LeaseRange(2, 0, 37)],
            OpenLeases = [new LeaseRange(2, 38, 39)],
            Seeds = new Dictionary<string, ulong> { ["run"] = ulong.MaxValue },
            Spec = JsonDocument.Parse("""{"method":"moco-v2","batch":256}""").RootElement,
            State = JsonDocument.Parse("""[0.5]""").RootElement,
            Machine = new MachineFacts { Threads = 2, InstructionSet = "avx2", Torch = "2.6", Precision = "float32" },
            Files = [file],
        };

        await _manifests.PublishAsync(manifest, Token);
        var read = (await _manifests.LatestAsync(Token))!;

        Assert.Equal(Now, read.CreatedAt);
        Assert.Equal((12L, 1L, 3L, 3072L), (read.Version, read.History, read.Term, read.SamplesApplied));
        Assert.Equal(manifest.Cursor, read.Cursor);
        Assert.Equal(manifest.AppliedLeases, read.AppliedLeases);
        Assert.Equal(manifest.OpenLeases, read.OpenLeases);
        Assert.Equal(ulong.MaxValue, read.Seeds["run"]);
        Assert.Equal("moco-v2", read.Spec.GetProperty("method").GetString());
        Assert.Equal(0.5, read.State!.Value[0].GetDouble());
        Assert.Equal(manifest.Machine, read.Machine);
        Assert.Equal([file], read.Files);
        await _manifests.VerifyAsync(read, Token);
        var content = await _manifests.ReadFileAsync(read, "parameters-0-of-1.safetensors", Token);
        Assert.Equal(tensor.Data.ToArray(), SafeTensors.Read(content, file.Name)["fc.weight"].Data.ToArray());
    }

    [Fact]
    public async Task Nothing_is_visible_before_the_manifest()
    {
        await _manifests.WriteFileAsync(5, "1", "a.bin", Fill(1), Token);

        Assert.Null(await _manifests.LatestAsync(Token));
        Assert.Empty(await _manifests.VersionsAsync(Token));
    }

    [Fact]
    public async Task Of_two_writers_of_a_version_one_wins_and_its_files_stand()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                // A store of its own, as another process has it.
                var manifests = new ManifestStore(new FolderStore(_folder.Path, flushToDisk: false), "run/checkpoints");
                var file = await manifests.WriteFileAsync(7, $"writer-{writer}", "a.bin", Fill((byte)writer), Token);
                try
                {
                    await manifests.PublishAsync(AManifest(7, file), Token);
                    return writer;
                }
                catch (CheckpointConflictException)
                {
                    return -1;
                }
            },
            Token)));

        var winner = Assert.Single(outcomes, outcome => outcome >= 0);
        var manifest = (await _manifests.LatestAsync(Token))!;
        await _manifests.VerifyAsync(manifest, Token);
        Assert.Equal(winner, (await _manifests.ReadFileAsync(manifest, "a.bin", Token)).Span[0]);
    }

    [Fact]
    public async Task A_replaced_term_cannot_publish()
    {
        await PublishAsync(10, term: 4);

        var refused = await Assert.ThrowsAsync<CheckpointConflictException>(() => PublishAsync(11, term: 3));

        Assert.Contains("Term 3", refused.Message, StringComparison.Ordinal);
        Assert.Equal([10L], await _manifests.VersionsAsync(Token));
    }

    [Fact]
    public async Task A_damaged_file_is_named_with_both_hashes()
    {
        var manifest = await PublishAsync(3);
        var path = _folder[$"run/checkpoints/000000000003/{manifest.Files[0].Path}"];
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[17] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);

        var fault = await Assert.ThrowsAsync<CheckpointCorruptedException>(() => _manifests.VerifyAsync(manifest, Token));

        Assert.Equal(path, fault.File);
        Assert.Contains(manifest.Files[0].Sha256, fault.Expected, StringComparison.Ordinal);
        Assert.Contains("100 bytes with SHA-256 ", fault.Found, StringComparison.Ordinal);
        Assert.DoesNotContain(manifest.Files[0].Sha256, fault.Found, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CheckpointCorruptedException>(() => _manifests.ReadFileAsync(manifest, "a.bin", Token));

        File.Delete(path);
        Assert.Equal("no file", (await Assert.ThrowsAsync<CheckpointCorruptedException>(() => _manifests.VerifyAsync(manifest, Token))).Found);
    }

    [Fact]
    public async Task All_damage_is_named_not_only_the_first()
    {
        ManifestFile[] files =
        [
            await _manifests.WriteFileAsync(3, "1", "whole.bin", Fill(1), Token),
            await _manifests.WriteFileAsync(3, "1", "changed.bin", Fill(2), Token),
            await _manifests.WriteFileAsync(3, "1", "missing.bin", Fill(3), Token),
        ];
        var manifest = await _manifests.PublishAsync(AManifest(3, files), Token);
        await _store.WriteAsync($"run/checkpoints/000000000003/{files[1].Path}", new byte[100], cancellationToken: Token);
        await _store.DeleteAsync($"run/checkpoints/000000000003/{files[2].Path}", cancellationToken: Token);

        var damage = await _manifests.DamageAsync(manifest, Token).ToListAsync(Token);

        Assert.Equal(["changed.1.bin", "missing.1.bin"], damage.Select(fault => Path.GetFileName(fault.File)));
        Assert.Contains(files[1].Sha256, damage[0].Expected, StringComparison.Ordinal);
        Assert.Equal("no file", damage[1].Found);
    }

    [Fact]
    public async Task A_rewound_run_goes_on_from_the_version_asked_for_and_may_write_later_ones_anew()
    {
        foreach (var version in new long[] { 4, 8, 12 }) await PublishAsync(version);
        // The newest cannot even be understood.
        await File.WriteAllTextAsync(_folder["run/checkpoints/000000000012/manifest.json"], "{", Token);

        Assert.Equal([8L, 12L], await _manifests.RewindAsync(4, Token));

        Assert.Equal(4, (await _manifests.LatestAsync(Token))!.Version);
        Assert.True(File.Exists(_folder["run/checkpoints/000000000008/withdrawn.json"]));
        await PublishAsync(8, term: 2);
        await _manifests.VerifyAsync((await _manifests.LatestAsync(Token))!, Token);
        await Assert.ThrowsAsync<CheckpointException>(() => _manifests.RewindAsync(12, Token));
        Assert.Equal([4L, 8L], await _manifests.VersionsAsync(Token));
    }

    [Theory]
    [InlineData(-100_000)]
    [InlineData(100_000)]
    public async Task A_clock_that_jumps_changes_neither_the_order_nor_what_is_pruned(int secondsPerRead)
    {
        var manifests = new ManifestStore(_store, "run/checkpoints", new JumpingClock(secondsPerRead));
        foreach (var version in new long[] { 1, 2, 3 })
        {
            var file = await manifests.WriteFileAsync(version, "1", "a.bin", Fill(1), Token);
            await manifests.PublishAsync(AManifest(version, file), Token);
        }

        Assert.Equal([1L], await manifests.PruneAsync(2, Token));
        Assert.Equal(3, (await manifests.LatestAsync(Token))!.Version);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public async Task A_full_disk_damages_nothing_that_is_visible(long free)
    {
        await PublishAsync(4, term: 0);
        var faulty = new FaultyStore(_store) { FreeBytes = free };
        var manifests = new ManifestStore(faulty, "run/checkpoints");

        var full = await Assert.ThrowsAsync<IOException>(() => manifests.WriteFileAsync(8, "1", "a.bin", Fill(1), Token));

        Assert.Equal(FaultyStore.DiskFull().Message, full.Message);
        Assert.Equal([4L], await _manifests.VersionsAsync(Token));
        await _manifests.VerifyAsync((await _manifests.LatestAsync(Token))!, Token);
        Assert.Empty(Directory.GetFiles(_folder[".writing"]));

        // Room again: the same writer takes the same checkpoint.
        faulty.FreeBytes = long.MaxValue;
        var file = await manifests.WriteFileAsync(8, "1", "a.bin", Fill(1), Token);
        faulty.OnWrite = _ => throw FaultyStore.DiskFull();
        await Assert.ThrowsAsync<IOException>(() => manifests.PublishAsync(AManifest(8, file), Token));
        Assert.Equal([4L], await _manifests.VersionsAsync(Token));
        faulty.OnWrite = _ => Task.CompletedTask;
        await manifests.PublishAsync(AManifest(8, file), Token);
        await _manifests.VerifyAsync((await _manifests.LatestAsync(Token))!, Token);
    }

    [Fact]
    public async Task Pruning_keeps_the_last_and_removes_what_was_left_unfinished()
    {
        foreach (var version in new long[] { 1, 2, 10, 1_000_000_000_000 }) await PublishAsync(version);
        await _manifests.WriteFileAsync(5, "dead", "a.bin", Fill(1), Token);
        await _manifests.WriteFileAsync(1_000_000_000_001, "alive", "a.bin", Fill(1), Token);

        Assert.Equal([1L, 2L], await _manifests.PruneAsync(2, Token));

        Assert.Equal([10L, 1_000_000_000_000L], await _manifests.VersionsAsync(Token));
        foreach (var version in await _manifests.VersionsAsync(Token))
            await _manifests.VerifyAsync(await _manifests.ReadAsync(version, Token), Token);
        Assert.Equal(
            ["000000000010", "1000000000000", "1000000000001"],
            Directory.GetDirectories(_folder["run/checkpoints"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_version_that_is_not_there_is_answered_with_those_that_are()
    {
        await PublishAsync(4);
        await PublishAsync(8);

        var fault = await Assert.ThrowsAsync<CheckpointException>(() => _manifests.ReadAsync(6, Token));

        Assert.Contains("version 6", fault.Message, StringComparison.Ordinal);
        Assert.Contains("4, 8", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'b.bin'", Assert.Throws<CheckpointException>(() => AManifest(1).File("b.bin")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"version\": 4", "\"version\": 5", "version 5")]
    [InlineData("\"format\": 1", "\"format\": 2", "format 2")]
    [InlineData("\"format\": 1,", "", "format")]
    [InlineData("\"appliedLeases\": [],", "", "appliedLeases")]
    [InlineData("\"files\"", "\"fils\"", "files")]
    [InlineData("\"openLeases\": []", "\"openLeases\": null", "openLeases")]
    [InlineData("}", "", "is not a manifest")]
    public async Task A_manifest_that_cannot_be_understood_is_refused_by_name(string part, string replacement, string fault)
    {
        await PublishAsync(4);
        var path = _folder["run/checkpoints/000000000004/manifest.json"];
        var json = await File.ReadAllTextAsync(path, Token);
        Assert.Contains(part, json, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, json.Replace(part, replacement, StringComparison.Ordinal), Token);

        var error = await Assert.ThrowsAnyAsync<CheckpointException>(() => _manifests.LatestAsync(Token));

        Assert.Contains(fault, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_cannot_point_out_of_its_folder()
    {
        var manifest = AManifest(1, new ManifestFile("a.bin", "../../../secret", 1, "00"));
        await Assert.ThrowsAsync<ArgumentException>(() => _manifests.VerifyAsync(manifest, Token));
    }

    [Fact]
    public void Facts_of_another_machine_are_named_with_both_values()
    {
        var there = new MachineFacts { Threads = 2, InstructionSet = "avx2", Torch = "2.6", Precision = "float32" };

        Assert.Empty(there.DifferencesTo(there with { }));
        Assert.Equal(
            ["threads: 2 there, 4 here", "instruction set: avx2 there, avx512 here"],
            there.DifferencesTo(there with { Threads = 4, InstructionSet = "avx512" }));
    }

    private static Func<Stream, CancellationToken, Task> Fill(byte value) =>
        (stream, token) => stream.WriteAsync(Enumerable.Repeat(value, 100).ToArray(), token).AsTask();

    private static Manifest AManifest(long version, params ManifestFile[] files) =>
        new() { RunId = "run", Version = version, Spec = JsonDocument.Parse("{}").RootElement, Files = files };

    private async Task<Manifest> PublishAsync(long version, long term = 1)
    {
        var file = await _manifests.WriteFileAsync(version, $"{term}", "a.bin", Fill((byte)version), Token);
        return await _manifests.PublishAsync(AManifest(version, file) with { Term = term }, Token);
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class JumpingClock(int secondsPerRead) : TimeProvider
    {
        private DateTimeOffset _now = Now;

        public override DateTimeOffset GetUtcNow() => _now += TimeSpan.FromSeconds(secondsPerRead);
    }
}
