using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using TorchSharp;

namespace OrleansContrastive.Grains.Evaluation;

/// <summary>The networks of a published checkpoint, without any actor. Safe for all threads.</summary>
public sealed class CheckpointNetwork
{
    private readonly SafeTensorsContent[] _shards;
    private readonly SafeTensorsContent? _initial;

    private CheckpointNetwork(RunSpec spec, SafeTensorsContent[] shards, SafeTensorsContent? initial) => (Spec, _shards, _initial) = (spec, shards, initial);

    /// <summary>What the run learns.</summary>
    public RunSpec Spec { get; }

    /// <summary>Reads the parameter files of a checkpoint, and what the run started from, and vouches for their bytes.</summary>
    /// <exception cref="CheckpointException">A file is missing, damaged, or none of ours.</exception>
    public static async Task<CheckpointNetwork> ReadAsync(ICheckpointStore store, ManifestStore manifests, Manifest manifest, CancellationToken cancellationToken = default)
    {
        var spec = RunManifest.SpecOf(manifest);
        var shards = new SafeTensorsContent[spec.Topology.ParameterShards];
        for (var shard = 0; shard < shards.Length; shard++)
        {
            var name = ParameterFiles.Name(shard, spec);
            var file = await manifests.ReadFileAsync(manifest, name, cancellationToken).ConfigureAwait(false);
            shards[shard] = SafeTensors.Read(file, $"{manifest.RunId}, version {manifest.Version}, {name}");
        }

        return new(spec, shards, spec.Model.Initial is { } initial ? await InitialEncoder.ReadAsync(store, initial, cancellationToken).ConfigureAwait(false) : null);
    }

    /// <summary>Makes the network, in evaluation mode; the caller disposes it. On an executor's thread only.</summary>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    public ContrastiveModel Create(NetworkWeights weights, torch.Device device)
    {
        var model = ModelFactory.Create(Spec, device);
        if (weights == NetworkWeights.Initial && _initial is not null) InitialEncoder.Load(model, _initial);
        if (weights is NetworkWeights.Query or NetworkWeights.Key)
        {
            foreach (var layout in model.Layout.Split(_shards.Length))
            {
                ModelExchange.LoadParameters(model, layout, ParameterFiles.Weights(_shards[layout.Shard], layout, key: weights == NetworkWeights.Key));
                ModelExchange.LoadMoments(model, layout, ParameterFiles.Moments(_shards[layout.Shard], layout));
            }
        }

        model.eval();
        return model;
    }
}
