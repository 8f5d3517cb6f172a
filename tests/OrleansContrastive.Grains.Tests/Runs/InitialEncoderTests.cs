using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Evaluation;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Clients;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Runs that start from weights of elsewhere, and what is said of weights that do not fit.</summary>
public sealed class InitialEncoderTests
{
    private static readonly RunSpec Spec = SmallRuns.Lockstep(steps: 4) with { Topology = new() { ParameterShards = 2 } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_starts_from_the_stored_encoder_and_the_seeds_head_on_every_shard()
    {
        using var folder = new TemporaryFolder();
        var store = new FolderStore(folder.Path);
        // The encoder of another seed, with statistics of its own.
        using var other = ModelFactory.Create(Spec with { Seed = 99 }, torch.CPU);
        using var own = ModelFactory.Create(Spec, torch.CPU);
        var theirs = Tensors(other, moment: 0.25f);
        var (spec, passedOver) = await InitialWeights.StoreAsync(store, Spec, [.. theirs, new("fc.weight", TensorType.Float32, [1], new byte[4])], "weights.pt", Token);

        Assert.Equal(["fc.weight"], passedOver);
        await using (var run = await TestRun.OpenAsync(folder.Path, lanes: 1))
        {
            await run.Grain.StartAsync(spec, hold: true);
            await run.UntilAsync(status => status.Phase == RunPhase.Stopped);
            var held = await run.OutcomeAsync();
            var layout = own.Layout.Split(2);
            Assert.Equal([.. layout.SelectMany(shard => Expected(shard, other, own))], held.Query);
            Assert.Equal(held.Query, held.Key);
            Assert.All(MemoryMarshal.Cast<byte, float>(held.Moments).ToArray(), value => Assert.Equal(0.25f, value));
        }

        await using (var run = await TestRun.OpenAsync(folder.Path, lanes: 1))
        {
            await run.Grain.StartAsync(null, hold: false);
            await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        }

        // What the run started from is still what it is compared with.
        await using var trained = await TrainedRun.OpenAsync(store, "run", cancellationToken: Token);
        Assert.Equal(spec.Model.Initial, trained.Spec.Model.Initial);
        var (initial, learned, scratch) = await trained.Lanes[0].RunAsync(() =>
        {
            using var start = trained.CreateModel(torch.CPU, NetworkWeights.Initial);
            using var end = trained.CreateModel(torch.CPU);
            using var drawn = trained.CreateModel(torch.CPU, NetworkWeights.Scratch);
            return (Tensors(start), Tensors(end), Tensors(drawn));
        }, Token);
        Assert.Equal(theirs[0].Data.ToArray(), initial[0].Data.ToArray());
        Assert.NotEqual(theirs[0].Data.ToArray(), learned[0].Data.ToArray());
        Assert.Equal(Tensors(own)[0].Data.ToArray(), scratch[0].Data.ToArray());
    }

    [Fact]
    public async Task Weights_of_any_precision_and_prefix_are_taken()
    {
        using var folder = new TemporaryFolder();
        var store = new FolderStore(folder.Path);
        using var other = ModelFactory.Create(Spec with { Seed = 99 }, torch.CPU);
        var theirs = Tensors(other);
        NamedTensor[] halved =
        [
            .. theirs.Select(tensor => tensor with { Name = $"module.encoder_q.{tensor.Name}", Type = TensorType.Float16, Data = ToHalf(tensor.Data) }),
            .. theirs.Select(tensor => tensor with { Name = $"module.encoder_k.{tensor.Name}", Data = new byte[tensor.Data.Length] }),
        ];

        var (spec, passedOver) = await InitialWeights.StoreAsync(store, Spec, halved, "moco.pth.tar", Token);

        Assert.All(passedOver, name => Assert.StartsWith("module.encoder_k.", name, StringComparison.Ordinal));
        var content = await InitialEncoder.ReadAsync(store, spec.Model.Initial!, Token);
        var expected = MemoryMarshal.Cast<byte, float>(theirs[0].Data.Span).ToArray().Select(value => (float)(Half)value);
        Assert.Equal(expected, MemoryMarshal.Cast<byte, float>(content["encoder.conv1.weight"].Data.Span).ToArray());
        // The same weights again are the same file.
        Assert.Equal(spec.Model.Initial!.Sha256, (await InitialWeights.StoreAsync(store, Spec with { Seed = 3 }, halved, "again", Token)).Spec.Model.Initial!.Sha256);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_by_tensor_expected_and_found()
    {
        using var folder = new TemporaryFolder();
        var store = new FolderStore(folder.Path);
        using var other = ModelFactory.Create(Spec, torch.CPU);
        var good = Tensors(other);

        await RefusedAsync([.. good.Select(tensor => tensor.Name == "conv1.weight" ? tensor with { Shape = [1, 3, 3, 24] } : tensor)], "'conv1.weight'", "F32 [1, 3, 3, 24]", "[8, 3, 3, 3]", "resnet8-w8");
        await RefusedAsync([.. good.Where(tensor => tensor.Name != "layer2.0.bn1.running_var")], "lacks 1 of", "'layer2.0.bn1.running_var' [16]", "nothing else");
        await RefusedAsync([new("blocks.0.weight", TensorType.Float32, [1], new byte[4])], "'conv1.weight' [8, 3, 3, 3]", "more", "'blocks.0.weight'");
        await RefusedAsync([.. good.Select(tensor => tensor.Name == "bn1.weight" ? tensor with { Data = MemoryMarshal.AsBytes<float>(Enumerable.Repeat(float.NaN, 8).ToArray()).ToArray() } : tensor)], "'bn1.weight'", "NaN", "finite");
        await RefusedAsync([.. good.Select(tensor => tensor.Name == "bn1.weight" ? tensor with { Type = TensorType.Int32 } : tensor)], "'bn1.weight'", "I32", "F32");

        var (spec, _) = await InitialWeights.StoreAsync(store, Spec, good, "weights.pt", Token);
        var file = folder[$"initial-weights/{spec.Model.Initial!.Sha256}.safetensors"];
        var bytes = await File.ReadAllBytesAsync(file, Token);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Token);
        Assert.Contains("is damaged", (await Assert.ThrowsAsync<CheckpointException>(() => InitialEncoder.ReadAsync(store, spec.Model.Initial, Token))).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains("'weights.pt'", (await Assert.ThrowsAsync<CheckpointException>(() => InitialEncoder.ReadAsync(store, spec.Model.Initial, Token))).Message, StringComparison.Ordinal);

        async Task RefusedAsync(IReadOnlyList<NamedTensor> tensors, params string[] words)
        {
            var refused = await Assert.ThrowsAsync<CheckpointException>(() => InitialWeights.StoreAsync(store, Spec, tensors, "weights.pt", Token));
            foreach (var word in words) Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<byte> Expected(ShardLayout shard, ContrastiveModel encoder, ContrastiveModel head)
    {
        var (of, seed) = (ModelExchange.ReadParameters(encoder, shard), ModelExchange.ReadParameters(head, shard));
        foreach (var slot in shard.Parameters)
        {
            var flat = slot.Name.StartsWith("encoder.", StringComparison.Ordinal) ? of : seed;
            for (var i = 0; i < slot.Length * shard.ElementSize; i++) yield return flat[((int)slot.Offset * shard.ElementSize) + i];
        }
    }

    // The encoder's, by torchvision's names.
    private static List<NamedTensor> Tensors(ContrastiveModel model, float? moment = null)
    {
        var whole = model.Layout.Split(1)[0];
        var (parameters, moments) = (ModelExchange.ReadParameters(model, whole), ModelExchange.ReadMoments(model, whole));
        if (moment is { } value) MemoryMarshal.Cast<byte, float>(moments.AsSpan()).Fill(value);
        return
        [
            .. from part in new[] { (Slots: whole.Parameters, Flat: parameters), (Slots: whole.Moments, Flat: moments) }
            from slot in part.Slots
            where slot.Name.StartsWith("encoder.", StringComparison.Ordinal)
            select new NamedTensor(slot.Name["encoder.".Length..], TensorType.Float32, slot.Shape, part.Flat.AsMemory((int)slot.Offset * 4, slot.Length * 4)),
        ];
    }

    private static byte[] ToHalf(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.AsBytes<Half>(MemoryMarshal.Cast<byte, float>(data.Span).ToArray().Select(value => (Half)value).ToArray()).ToArray();
}
