using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Checkpoints.Tensors.PyTorch;
using OrleansContrastive.Cli.Exports.Graphs;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports;

/// <summary>A kind of file that an encoder is exported to.</summary>
/// <param name="Name">As <c>--format</c> takes it.</param>
/// <param name="Extension">What its files end with.</param>
/// <param name="Create">
/// Takes a network, whether its head is wanted, the versions that were applied, and what is known about it; returns what
/// writes the file. On the network's thread; what it returns needs the network no more.
/// </param>
internal sealed record ExportFormat(
    string Name, string Extension, Func<ContrastiveModel, bool, long, IReadOnlyDictionary<string, string>, Func<Stream, CancellationToken, Task>> Create)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ExportFormat> All { get; } = [new("safetensors", ".safetensors", SafeTensorsFile), new("torch", ".pt", TorchFile), new("onnx", ".onnx", OnnxFile)];

    /// <summary>What a reader of the file wants to know: where it comes from, and how pixels are normalised before the first layer.</summary>
    public static IReadOnlyDictionary<string, string> Facts(TrainedRun run, NetworkWeights whose) => new Dictionary<string, string>
    {
        ["weights"] = whose.ToString().ToLowerInvariant(),
        ["encoder"] = run.Spec.Model.Encoder,
        ["method"] = run.Spec.Method,
        ["dataset"] = run.Spec.Dataset.Name,
        ["version"] = FormattableString.Invariant($"{(whose == NetworkWeights.Initial ? 0 : run.Manifest.Version)}"),
        ["samples"] = FormattableString.Invariant($"{(whose == NetworkWeights.Initial ? 0 : run.Manifest.SamplesApplied)}"),
        ["input"] = FormattableString.Invariant($"[N, {run.Spec.Dataset.Channels}, {run.Spec.Dataset.ImageSize}, {run.Spec.Dataset.ImageSize}], (pixel / 255 - mean) / std"),
        ["mean"] = Numbers(run.Recipe.Mean),
        ["std"] = Numbers(run.Recipe.Std),
    };

    private static string Numbers(float[] values) => string.Join(", ", values.Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private static Func<Stream, CancellationToken, Task> SafeTensorsFile(ContrastiveModel model, bool head, long version, IReadOnlyDictionary<string, string> facts)
    {
        var tensors = ModelTensors.StateDict(model, head, version);
        return (stream, cancellation) => SafeTensors.WriteAsync(stream, tensors, facts, cancellation);
    }

    // A state dict has no place for facts.
    private static Func<Stream, CancellationToken, Task> TorchFile(ContrastiveModel model, bool head, long version, IReadOnlyDictionary<string, string> facts)
    {
        var tensors = ModelTensors.StateDict(model, head, version);
        return (stream, cancellation) => StateDictFile.WriteAsync(stream, tensors, cancellation);
    }

    private static Func<Stream, CancellationToken, Task> OnnxFile(ContrastiveModel model, bool head, long version, IReadOnlyDictionary<string, string> facts)
    {
        var graph = NetworkGraph.Create(model, head);
        foreach (var (key, value) in facts) graph.Metadata(key, value);
        return graph.WriteAsync;
    }
}
