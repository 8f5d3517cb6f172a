using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Grains.Evaluation;

/// <summary>Weights of one network, and the query network's running batch-norm moments, of one version.</summary>
internal sealed record EvaluationWeights(ParameterSet Parameters, ParameterSet Moments)
{
    /// <summary>The version.</summary>
    public long Version => Parameters.Version;
}

/// <summary>The network in evaluation mode, once on every lane.</summary>
internal sealed class EvaluationNetworks(DeviceLanes lanes, RunSpec spec, EvaluationWeights? weights, SafeTensorsContent? initial) : IAsyncDisposable
{
    private readonly ContrastiveModel?[] _models = new ContrastiveModel?[lanes.Lanes.Count];

    /// <summary>Features of plain views. On the lane's thread.</summary>
    public float[][] Extract(int lane, TensorBlock views, FeatureKind[] kinds)
    {
        using var scope = torch.NewDisposeScope();
        var device = lanes.Lanes[lane].Device;
        var model = kinds.All(kind => kind == FeatureKind.Pixels) ? null : _models[lane] ??= Create(device);
        return FeatureExtractor.Extract(model, Blocks.ToTensor(views, Blocks.ScalarOf(ModelFactory.MasterType(spec)), device), kinds);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        for (var lane = 0; lane < _models.Length; lane++)
        {
            if (_models[lane] is { } model) await lanes.Lanes[lane].RunAsync(model.Dispose);
        }
    }

    private ContrastiveModel Create(torch.Device device)
    {
        var model = ModelFactory.Create(spec, device);
        if (initial is not null) InitialEncoder.Load(model, initial);
        if (weights is not null)
        {
            foreach (var shard in model.Layout.Split(spec.Topology.ParameterShards))
            {
                ModelExchange.LoadParameters(model, shard, weights.Parameters.Shards[shard.Shard].Span);
                ModelExchange.LoadMoments(model, shard, weights.Moments.Shards[shard.Shard].Span);
            }
        }

        model.eval();
        return model;
    }
}
