using System.Text;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Hosting.Tests.Storage;

public sealed class FolderGrainStorageTests() : StoreGrainStorageTests(new FolderPlace());

public sealed class BlobGrainStorageTests(Azurite azurite) : StoreGrainStorageTests(new BlobPlace(azurite));

/// <summary>Grain state in every kind of store.</summary>
public abstract class StoreGrainStorageTests(StorePlace place) : IAsyncLifetime
{
    private static readonly GrainId Grain = GrainId.Create("run", "my run/1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => place.PrepareAsync(Token);

    public ValueTask DisposeAsync() => place.DisposeAsync();

    [Fact]
    public async Task What_was_never_written_is_a_new_state()
    {
        var state = new GrainState<Note>(new Note { Text = "left over" });

        await AStorage().ReadStateAsync("state", Grain, state);

        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal("", state.State!.Text);
    }

    [Fact]
    public async Task What_one_silo_writes_another_reads()
    {
        var written = new GrainState<Note>(new Note { Text = "grüße", Numbers = [1, long.MaxValue], Of = Kind.Other });
        await AStorage().WriteStateAsync("state", Grain, written);

        var read = new GrainState<Note>();
        await AStorage().ReadStateAsync("state", Grain, read);

        Assert.True(written.RecordExists && read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal(("grüße", Kind.Other), (read.State!.Text, read.State.Of));
        Assert.Equal([1, long.MaxValue], read.State.Numbers);
        var other = new GrainState<Note>();
        await AStorage().ReadStateAsync("another state", Grain, other);
        await AStorage().ReadStateAsync("state", GrainId.Create("run", "my run/2"), other);
        Assert.False(other.RecordExists);
    }

    [Fact]
    public async Task The_file_is_plain_json()
    {
        await AStorage().WriteStateAsync("state", Grain, new GrainState<Note>(new Note { Text = "hello" }));

        var stored = await place.Open().ReadAsync(
            "grains/test%20service/state/run/my%20run%2F1.json", Token);

        Assert.Contains("\"Text\": \"hello\"", Encoding.UTF8.GetString(stored!.Content.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_writer_is_refused_and_changes_nothing()
    {
        var (first, second) = (new GrainState<Note>(new Note { Text = "1" }), new GrainState<Note>(new Note { Text = "2" }));
        await AStorage().WriteStateAsync("state", Grain, first);

        var created = await Assert.ThrowsAsync<InconsistentStateException>(() => AStorage().WriteStateAsync("state", Grain, second));
        Assert.Equal(first.ETag, created.StoredEtag);
        await AStorage().ReadStateAsync("state", Grain, second);
        second.State = new Note { Text = "2" };
        await AStorage().WriteStateAsync("state", Grain, second);

        var stale = await Assert.ThrowsAsync<InconsistentStateException>(() => AStorage().WriteStateAsync("state", Grain, first));
        Assert.Equal((second.ETag, first.ETag), (stale.StoredEtag, stale.CurrentEtag));
        await Assert.ThrowsAsync<InconsistentStateException>(() => AStorage().ClearStateAsync("state", Grain, first));
        await AStorage().ReadStateAsync("state", Grain, first);
        Assert.Equal("2", first.State!.Text);
    }

    [Fact]
    public async Task Of_many_writers_of_one_version_one_wins()
    {
        var start = new GrainState<Note>(new Note());
        await AStorage().WriteStateAsync("state", Grain, start);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var mine = new GrainState<Note>(new Note { Text = $"{writer}" }, start.ETag!);
            try
            {
                await AStorage().WriteStateAsync("state", Grain, mine);
                return $"{writer}";
            }
            catch (InconsistentStateException)
            {
                return null;
            }
        }, Token)));

        var read = new GrainState<Note>();
        await AStorage().ReadStateAsync("state", Grain, read);
        Assert.Equal(read.State!.Text, Assert.Single(outcomes, outcome => outcome is not null));
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_can_be_written_again()
    {
        var state = new GrainState<Note>(new Note { Text = "1" });
        await AStorage().WriteStateAsync("state", Grain, state);

        await AStorage().ClearStateAsync("state", Grain, state);

        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal("", state.State!.Text);
        await AStorage().ClearStateAsync("state", Grain, state);
        await AStorage().WriteStateAsync("state", Grain, state);
        Assert.True(state.RecordExists);
    }

    [Fact]
    public async Task A_damaged_file_is_named_with_the_type_that_it_should_hold()
    {
        await place.Open().WriteAsync(
            "grains/test%20service/state/run/my%20run%2F1.json", "[1"u8.ToArray(), cancellationToken: Token);

        var fault = await Assert.ThrowsAsync<CheckpointException>(
            () => AStorage().ReadStateAsync("state", Grain, new GrainState<Note>()));

        Assert.Contains("my%20run%2F1.json", fault.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Note), fault.Message, StringComparison.Ordinal);
    }

    private StoreGrainStorage AStorage() => new(place.Open(), StoreFolder.Cluster);

    private enum Kind
    {
        None,
        Other,
    }

    private sealed class Note
    {
        public string Text { get; set; } = "";

        public List<long> Numbers { get; set; } = [];

        public Kind Of { get; set; }
    }
}
