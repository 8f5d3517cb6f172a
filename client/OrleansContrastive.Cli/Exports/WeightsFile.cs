using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Checkpoints.Tensors.PyTorch;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Clients;

namespace OrleansContrastive.Cli.Exports;

/// <summary>A file of weights that a run starts from.</summary>
internal static class WeightsFile
{
    /// <summary>Puts the weights that a recipe names into the run's store. Returns the spec that starts from them.</summary>
    /// <param name="spec">What shall be learned.</param>
    /// <param name="recipe">Names the file, or none.</param>
    /// <param name="store">The run's store.</param>
    /// <param name="say">Told what was read and what was passed over.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    /// <exception cref="UsageException">There is no such file, or it does not fit the encoder.</exception>
    public static async Task<RunSpec> ApplyAsync(RunSpec spec, TrainingRecipe recipe, ICheckpointStore store, Action<string> say, CancellationToken cancellation)
    {
        if (recipe.InitialWeights is not { } path) return spec;
        try
        {
            var (with, passedOver) = await InitialWeights.StoreAsync(store, spec, await ReadAsync(path, cancellation), path, cancellation);
            say($"The encoder starts from the weights of {path}{(passedOver.Count == 0 ? "" : $"; passed over: {string.Join(", ", passedOver)}")}.");
            return with;
        }
        catch (CheckpointException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    private static async Task<IReadOnlyList<NamedTensor>> ReadAsync(string path, CancellationToken cancellation)
    {
        if (!File.Exists(path)) throw new UsageException($"There is no file '{path}' to start from.");
        await using var file = File.OpenRead(path);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => (await SafeTensors.ReadAsync(file, path, cancellation)).Tensors,
            ".pt" or ".pth" or ".tar" or ".bin" => await StateDictFile.ReadAsync(file, path, cancellation),
            _ => throw new UsageException($"'{path}' is of no known kind; expected .safetensors, or a state dict of PyTorch: .pt, .pth, .tar, .bin."),
        };
    }
}
