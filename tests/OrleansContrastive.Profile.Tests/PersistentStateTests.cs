using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace OrleansContrastive.Profile.Tests;

[GenerateSerializer, Alias("oc.test.note")]
public sealed class NoteState
{
    [Id(0)]
    public string Text { get; set; } = "empty";

    [Id(1)]
    public List<int> Numbers { get; set; } = [];
}

[Alias("oc.test.notes")]
public interface INoteGrain : IGrainWithStringKey
{
    [Alias("read")]
    Task<string> ReadAsync();

    [Alias("write")]
    Task WriteAsync(string text);

    [Alias("clear")]
    Task ClearAsync();

    [Alias("reload")]
    Task<string> ReloadAsync();

    [Alias("end")]
    Task EndAsync();

    [Alias("who")]
    Task<string> InstanceAsync();
}

public sealed class NoteGrain([PersistentState("note")] IPersistentState<NoteState> state) : Grain, INoteGrain
{
    private readonly string _instance = Guid.NewGuid().ToString("N");

    public Task<string> ReadAsync() => Task.FromResult($"{state.State.Text} {state.State.Numbers.Count} {state.RecordExists} {state.Etag is not null}");

    public Task WriteAsync(string text)
    {
        state.State.Text = text;
        state.State.Numbers.Add(1);
        return state.WriteStateAsync();
    }

    public Task ClearAsync() => state.ClearStateAsync();

    public async Task<string> ReloadAsync()
    {
        state.State.Text = "not written";
        await state.ReadStateAsync();
        return state.State.Text;
    }

    public Task EndAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<string> InstanceAsync() => Task.FromResult(_instance);
}

[Alias("oc.test.elsewhere")]
public interface IElsewhereGrain : IGrainWithStringKey
{
    [Alias("write")]
    Task WriteAsync();
}

public sealed class ElsewhereGrain([PersistentState("note", "elsewhere")] IPersistentState<NoteState> state) : Grain, IElsewhereGrain
{
    public Task WriteAsync() => state.WriteStateAsync();
}

/// <summary>A storage whose writes fail with an error of its own.</summary>
internal sealed class BrokenStorage(string name) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new IOException($"Storage {name} is full: {stateName} of {grainId}.");

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
}

/// <summary>State outlives activations, and two writers cannot both win.</summary>
public sealed class PersistentStateTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private readonly string _key = Probe.NewKey();

    private INoteGrain Grain => shared.Grains.GetGrain<INoteGrain>(_key);

    [Fact]
    public async Task A_state_begins_as_its_class_says_and_outlives_the_activation()
    {
        Assert.Equal("empty 0 False False", await Grain.ReadAsync());
        await Grain.WriteAsync("first");
        Assert.Equal("first 1 True True", await Grain.ReadAsync());
        var before = await Grain.InstanceAsync();
        await Grain.EndAsync();
        Assert.Equal("first 1 True True", await Grain.ReadAsync());
        Assert.NotEqual(before, await Grain.InstanceAsync());
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_can_be_written_again()
    {
        await Grain.WriteAsync("first");
        await Grain.ClearAsync();
        Assert.Equal("empty 0 False False", await Grain.ReadAsync());
        await Grain.WriteAsync("second");
        await Grain.EndAsync();
        Assert.Equal("second 1 True True", await Grain.ReadAsync());
    }

    [Fact]
    public async Task What_was_not_written_is_lost_when_the_state_is_read_again()
    {
        await Grain.WriteAsync("written");
        Assert.Equal("written", await Grain.ReloadAsync());
    }

    [Fact]
    public async Task A_write_over_another_writers_fails_and_ends_the_activation_which_is_out_of_step()
    {
        await Grain.WriteAsync("mine");
        var before = await Grain.InstanceAsync();
        var other = new GrainState<NoteState>(new NoteState());
        var id = Grain.GetGrainId();
        await shared.Silo.Storage.ReadStateAsync("note", id, other);
        Assert.Equal("mine", other.State!.Text);
        other.State.Text = "theirs";
        await shared.Silo.Storage.WriteStateAsync("note", id, other);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Grain.WriteAsync("mine again"));
        Assert.StartsWith("theirs", await Grain.ReadAsync());
        Assert.NotEqual(before, await Grain.InstanceAsync());
    }

    [Fact]
    public async Task A_tag_must_be_the_records_for_a_write_and_for_a_clear()
    {
        var storage = shared.Silo.Storage;
        var id = Grain.GetGrainId();
        var first = new GrainState<NoteState>(new NoteState { Text = "first" });
        await storage.WriteStateAsync("note", id, first);
        var second = new GrainState<NoteState>(new NoteState { Text = "second" });
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("note", id, second));
        var stale = new GrainState<NoteState>(new NoteState(), first.ETag);
        await storage.WriteStateAsync("note", id, first);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("note", id, stale));
        await storage.ClearStateAsync("note", id, first);
        Assert.False(first.RecordExists);
    }

    [Fact]
    public async Task A_grain_whose_storage_is_not_there_cannot_be_activated()
    {
        var grain = shared.Grains.GetGrain<IElsewhereGrain>(_key);
        var failure = await Assert.ThrowsAnyAsync<Exception>(grain.WriteAsync);
        Assert.Contains("elsewhere", failure.ToString());
    }

    [Fact]
    public async Task A_storages_own_error_comes_wrapped_with_its_cause()
    {
        await using var silo = await TestSilo.StartAsync(
            it => it.Services.AddGrainStorage("elsewhere", (_, name) => new BrokenStorage(name)));
        var failure = await Assert.ThrowsAsync<OrleansException>(silo.Grains.GetGrain<IElsewhereGrain>(_key).WriteAsync);
        Assert.Contains("Storage elsewhere is full", failure.ToString());
        Assert.IsType<BrokenStorage>(silo.Services.GetRequiredKeyedService<IGrainStorage>("elsewhere"));
    }
}
