using System.CommandLine;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary><c>contrastive export</c>: a trained encoder as a file that other programs open.</summary>
internal static class ExportCommand
{
    private static readonly Option<string> Format = new("--format") { Description = "safetensors, torch (a state dict, .pt) or onnx.", DefaultValueFactory = _ => "safetensors" };
    private static readonly Option<bool> Head = new("--head") { Description = "The projection head too: head.* in state dicts, the output 'embedding' in ONNX." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("export", "Writes a run's encoder with torchvision's names, or as an ONNX model.") { Format, Head };
        var trained = TrainedRunOptions.AddTo(command);
        var weights = WeightsOption.AddTo(command);
        var output = OutputOptions.AddTo(command, "The file; ENCODER.safetensors, .pt or .onnx by default.");
        command.SetAction(async (parsed, cancellation) =>
        {
            var format = ExportFormat.All.FirstOrDefault(format => format.Name == parsed.GetValue(Format))
                ?? throw new UsageException(NearestName.Explain("format", parsed.GetValue(Format)!, [.. ExportFormat.All.Select(known => known.Name)]));
            var (whose, head) = (weights.Read(parsed), parsed.GetValue(Head));
            await using var run = await trained.OpenAsync(parsed, cancellation);
            if (head && run.Spec.Model.Head == "none") throw new UsageException($"Run '{run.Manifest.RunId}' has no head; leave --head out.");
            var path = output.File(parsed, $"{run.Spec.Model.Encoder}{format.Extension}");
            if (!Path.GetExtension(path).Equals(format.Extension, StringComparison.OrdinalIgnoreCase))
                throw new UsageException($"--out is '{path}'; expected a name that ends with {format.Extension}, since --format is {format.Name}.");
            var facts = ExportFormat.Facts(run, whose);
            var write = await run.Lanes[0].RunAsync(() =>
            {
                using var model = run.CreateModel(run.Lanes[0].Device, whose);
                return format.Create(model, head, run.Manifest.Version, facts);
            }, cancellation);
            var bytes = await WholeFile.WriteAsync(path, output.Force(parsed), stream => write(stream, cancellation));
            var files = new WrittenFiles(trained.Json(parsed));
            files.Add(path, bytes, $"{run.Spec.Model.Encoder}{(head ? " and its head" : "")}, {facts["weights"]} weights, {facts["samples"]} samples into {run.Spec.Method} on {run.Spec.Dataset.Name}; input {facts["input"]} with mean {facts["mean"]}, std {facts["std"]}");
            return files.Say();
        });
        return command;
    }
}
