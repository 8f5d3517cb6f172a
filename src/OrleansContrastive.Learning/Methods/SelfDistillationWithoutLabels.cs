using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Options of <see cref="SelfDistillationWithoutLabels"/>.</summary>
public sealed record DinoOptions
{
    /// <summary>Width of the last layer, P; 65,536 in the paper.</summary>
    public int Prototypes { get; init; } = 1024;

    /// <summary>Small crops beside the two large ones.</summary>
    public int LocalCrops { get; init; }

    /// <summary>T of the teacher at the start.</summary>
    public double TeacherTemperatureStart { get; init; } = 0.04;

    /// <summary>T of the teacher after its warm-up.</summary>
    public double TeacherTemperature { get; init; } = 0.07;

    /// <summary>Epochs of that warm-up (30 in the paper).</summary>
    public double TeacherWarmUpEpochs { get; init; } = 30;

    /// <summary>Epochs at the start in which the last layer stays as it is (1 in the paper).</summary>
    public double FrozenEpochs { get; init; }
}

/// <summary>DINO (Caron et al. 2021): every crop, through the student, foretells what the teacher, its moving average, makes of the two large ones. The teacher's
/// outputs are centred and sharpened, which keeps either way of collapsing away.</summary>
/// <remarks>The centre belongs to the run: it folds on the parameter server as a batch norm's mean does (0.9, eq. 4). The student's temperature is the run's
/// (0.1 in the paper). Features of the head's bottleneck and prototypes have length 1; the paper trains the prototypes' length only in some of its runs.</remarks>
public sealed class SelfDistillationWithoutLabels(MethodContext context, DinoOptions options) : IContrastiveMethod
{
    private const int LargeCrops = 2;

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        QueryViews = [.. Enumerable.Range(0, LargeCrops + options.LocalCrops)],
        KeyViews = [0, 1],
        LocalViews = options.LocalCrops,
        Guard = CollapseGuard.Assignment,
        NeedsRunningStatistics = true,
        Parts = [Parts.Prototypes(options.Prototypes), new("centre", (layers, _) => new BatchCentre(layers, options.Prototypes))],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch)
    {
        var prototypes = batch.Model.Part<PrototypeLayer>("prototypes");
        var frozen = batch.Position.Epoch < options.FrozenEpochs;
        var rows = batch.Views.Select(batch.Model.forward).ToList();
        return new(batch, outputs: [.. rows.Select(row => prototypes.Scores(row, frozen)), .. rows.Take(LargeCrops)]);
    }

    /// <inheritdoc/>
    public Tensor EncodeKeys(nn.Module<Tensor, Tensor> network, Tensor views) =>
        ((ContrastiveModel)network).Through("prototypes", network.forward(views));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var centre = ((ContrastiveModel)encoded.Network).Part<BatchCentre>("centre");
        var temperature = TeacherTemperature(encoded.Position.Epoch);
        var views = Plan.QueryViews.Count;
        Tensor? loss = null;
        var pairs = 0;
        for (var large = 0; large < LargeCrops; large++)
        {
            var wanted = SelfDistillation.Targets(targets.Keys[large], centre.RunningMean, temperature);
            for (var other = 0; other < views; other++)
            {
                if (other == large) continue;
                var part = SelfDistillation.Loss(encoded.Outputs[other], wanted, context.Temperature);
                loss = loss is null ? part : loss + part;
                pairs++;
            }
        }

        centre.Record(cat([.. targets.Keys]));
        var meters = BatchMeters.Pairs(encoded.Outputs[views], encoded.Outputs[views + 1], context.Temperature, Math.Log(options.Prototypes), 0);
        return new(loss!.div(pairs), meters);
    }

    private double TeacherTemperature(double epoch)
    {
        var warm = options.TeacherWarmUpEpochs > 0 ? Math.Min(1, epoch / options.TeacherWarmUpEpochs) : 1;
        return options.TeacherTemperatureStart + ((options.TeacherTemperature - options.TeacherTemperatureStart) * warm);
    }
}
