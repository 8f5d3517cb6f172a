using TorchSharp;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// The mean and the unbiased variance that the training forward passes of a step saw at a batch norm, averaged over splits and passes (a
/// method may send several views through). They reach the running statistics through the parameter server, in commit order, and in no
/// other way.
/// </summary>
public sealed class BatchMoments(int channels) : IDisposable
{
    private readonly double[] _mean = new double[channels];
    private readonly double[] _variance = new double[channels];
    private torch.Tensor? _deviceMean;
    private torch.Tensor? _deviceVariance;
    private int _passes;
    private bool _isOver = true;

    /// <summary>Whether a training pass was made.</summary>
    public bool IsRecorded => _passes > 0;

    /// <summary>The next pass begins a step: what was seen before it counts no more. Reading does the same.</summary>
    public void Restart() => _isOver = true;

    /// <summary>A pass begins; its splits are then added.</summary>
    public void Begin()
    {
        if (_isOver)
        {
            Array.Clear(_mean);
            Array.Clear(_variance);
            Dispose();
            (_passes, _isOver) = (0, false);
        }

        _passes++;
    }

    /// <summary>Adds one of <paramref name="splits"/> splits of <paramref name="rows"/> values per channel.</summary>
    public void Add(ReadOnlySpan<double> mean, ReadOnlySpan<double> biasedVariance, long rows, int splits)
    {
        var unbiased = (double)rows / (rows - 1);
        for (var c = 0; c < _mean.Length; c++)
        {
            _mean[c] += mean[c] / splits;
            _variance[c] += biasedVariance[c] * unbiased / splits;
        }
    }

    /// <summary>Takes over the averages of a pass as they lie on a device; they are read only when somebody asks.</summary>
    public void Keep(torch.Tensor mean, torch.Tensor variance)
    {
        using var scope = torch.NewDisposeScope();
        var (meanSum, varianceSum) = _deviceMean is null ? (mean.alias(), variance.alias()) : (_deviceMean + mean, _deviceVariance! + variance);
        Dispose();
        (_deviceMean, _deviceVariance) = (meanSum.DetachFromDisposeScope(), varianceSum.DetachFromDisposeScope());
    }

    /// <summary>The averages, mean first, each of the channels' number. The next pass begins a new step.</summary>
    public (ReadOnlyMemory<double> Mean, ReadOnlyMemory<double> Variance) Read()
    {
        _isOver = true;
        if (_deviceMean is not null)
        {
            Read(_deviceMean, _mean);
            Read(_deviceVariance!, _variance);
            Dispose();
        }

        if (_passes > 1)
        {
            for (var c = 0; c < _mean.Length; c++)
            {
                _mean[c] /= _passes;
                _variance[c] /= _passes;
            }

            _passes = 1;
        }

        return (_mean, _variance);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _deviceMean?.Dispose();
        _deviceVariance?.Dispose();
        (_deviceMean, _deviceVariance) = (null, null);
    }

    private static void Read(torch.Tensor tensor, Span<double> values)
    {
        using var scope = torch.NewDisposeScope();
        var local = tensor.to_type(torch.ScalarType.Float64).to(torch.CPU).contiguous();
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(local.bytes).CopyTo(values);
    }
}
