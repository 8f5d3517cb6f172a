using System.CommandLine;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Checkpoints.Tensors.NumPy;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary><c>contrastive embed</c>: features of images as a file.</summary>
internal static class EmbedCommand
{
    private static readonly Option<bool> Head = new("--head") { Description = "Embeddings, the head's output, in place of features." };
    private static readonly Option<bool> Unit = new("--unit") { Description = "Rows divided by their lengths." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("embed", "Writes the features of images and their labels, a row per image in the data set's order.") { Head, Unit };
        var trained = TrainedRunOptions.AddTo(command);
        var weights = WeightsOption.AddTo(command);
        var images = ImagesOptions.AddTo(command);
        var output = OutputOptions.AddTo(command, "FILE.safetensors (features, labels), or FILE.npy with FILE.labels.npy beside it; features.safetensors by default.");
        command.SetAction(async (parsed, cancellation) =>
        {
            var (whose, force) = (weights.Read(parsed), output.Force(parsed));
            var path = output.File(parsed, "features.safetensors");
            var numpy = Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".npy" => true,
                ".safetensors" => false,
                _ => throw new UsageException($"--out is '{path}'; expected a name that ends with .safetensors or .npy."),
            };
            var labelsPath = Path.ChangeExtension(path, ".labels.npy");
            if (numpy) WholeFile.Check(labelsPath, force);

            await using var run = await trained.OpenAsync(parsed, cancellation);
            var chosen = images.Open(parsed, run);
            var (unit, head) = (parsed.GetValue(Unit), parsed.GetValue(Head));
            if (head && run.Spec.Model.Head == "none") throw new UsageException($"Run '{run.Manifest.RunId}' has no head; leave --head out.");
            var rows = (await run.FeaturesAsync(
                new(chosen.Dataset) { Count = chosen.Count, Kinds = [head ? FeatureKind.Head : FeatureKind.Encoder], Unit = unit }, whose, cancellation))[0];
            var features = Tensor("features", rows, chosen);
            var labels = new NamedTensor("labels", TensorType.Int64, [rows.Count], MemoryMarshal.AsBytes<long>(Array.ConvertAll(rows.Labels, label => (long)label)).ToArray());
            var facts = new Dictionary<string, string>(ExportFormat.Facts(run, whose)) { ["images"] = chosen.Name, ["features"] = head ? "head" : "encoder", ["unit"] = unit ? "true" : "false" };

            var files = new WrittenFiles(trained.Json(parsed));
            var content = FormattableString.Invariant($"{(head ? "embeddings" : "features")} [{rows.Count}, {rows.Width}] of {chosen.Name}{(unit ? ", unit rows" : "")}");
            if (numpy)
            {
                files.Add(path, await WholeFile.WriteAsync(path, force, stream => NpyFile.WriteAsync(stream, features, cancellation)), content);
                files.Add(labelsPath, await WholeFile.WriteAsync(labelsPath, force, stream => NpyFile.WriteAsync(stream, labels, cancellation)), $"labels [{rows.Count}]");
            }
            else
            {
                files.Add(path, await WholeFile.WriteAsync(path, force, stream => SafeTensors.WriteAsync(stream, [features, labels], facts, cancellation)), $"{content}, and labels");
            }

            return files.Say();
        });
        return command;
    }

    private static NamedTensor Tensor(string name, FeatureRows rows, ChosenImages chosen) => rows.Values.LongLength * sizeof(float) <= Array.MaxLength
        ? new(name, TensorType.Float32, [rows.Count, rows.Width], MemoryMarshal.AsBytes<float>(rows.Values).ToArray())
        : throw new UsageException($"The features of {rows.Count} images take {rows.Values.LongLength * sizeof(float)} bytes; expected less than 2 GiB. Take fewer of {chosen.Name} by --count, or parts by --split.");
}
