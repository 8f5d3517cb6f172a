using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using TorchSharp;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>
/// Images per second of the three network passes alone (query forward and backward, key forward), in one pair of networks for each
/// processor that share a batch: what training could reach if everything else were free.
/// </summary>
internal sealed class StepOnlyRow(int batch, int steps) : IContestant
{
    private readonly List<Lane> _lanes = [];

    public async Task PrepareAsync(CancellationToken ct)
    {
        var count = Environment.ProcessorCount;
        for (var i = 0; i < count; i++) _lanes.Add(await Lane.StartAsync(i, batch / count, ct));
        for (var step = 0; step < 3; step++) await StepAsync(ct);
    }

    public async Task<double> MeasureAsync(CancellationToken ct)
    {
        var begin = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var step = 0; step < steps; step++) await StepAsync(ct);
        return steps * (double)batch / System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes) await lane.DisposeAsync();
    }

    private Task StepAsync(CancellationToken ct) => Task.WhenAll(_lanes.Select(lane => lane.StepAsync(ct)));

    /// <summary>One executor with its two networks and its share of the batch.</summary>
    private sealed class Lane : IAsyncDisposable
    {
        private readonly DeviceExecutor _executor;
        private ContrastiveModel _query = null!;
        private ContrastiveModel _key = null!;
        private torch.Tensor _views = null!;

        private Lane(int index) => _executor = new DeviceExecutor($"step-{index}", torch.CPU, threads: 1);

        public static async Task<Lane> StartAsync(int index, int batch, CancellationToken ct)
        {
            var lane = new Lane(index);
            await lane._executor.RunAsync(() => lane.Build(batch), ct);
            return lane;
        }

        public Task StepAsync(CancellationToken ct) => _executor.RunAsync(Step, ct);

        public async ValueTask DisposeAsync()
        {
            await _executor.RunAsync(() =>
            {
                _query.Dispose();
                _key.Dispose();
                _views.Dispose();
            });
            await _executor.DisposeAsync();
        }

        private void Build(int batch)
        {
            var options = new ModelOptions { Precision = PrecisionSelector.Auto(torch.CPU) };
            var encoder = EncoderSpec.Parse("resnet8-w16", channels: 1, imageSize: 28);
            var head = new HeadSpec("mlp", 0, 128);
            _query = new ContrastiveModel(encoder, head, options, seed: 1);
            _key = new ContrastiveModel(encoder, head, options, seed: 1);
            _query.train();
            _key.train();
            _views = torch.randn(batch, 1, 28, 28);
        }

        private void Step()
        {
            using var scope = torch.NewDisposeScope();
            using (torch.no_grad()) _key.forward(_views);
            _query.zero_grad();
            _query.forward(_views).square().mean().backward();
        }
    }
}
