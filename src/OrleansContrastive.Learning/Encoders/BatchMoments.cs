using TorchSharp;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// The mean and the unbiased variance that the last training forward pass of a batch norm saw, averaged over its splits.
/// They reach the running statistics through the parameter server, in commit order, and in no other way.
/// </summary>
public sealed class BatchMoments(int channels) : IDisposable
{
    private readonly double[] _mean = new double[channels];
    private readonly double[] _variance = new double[channels];
    private torch.Tensor? _deviceMean;
    private torch.Tensor? _deviceVariance;

    /// <summary>Whether a training pass was made.</summary>
    public bool IsRecorded { get; private set; }

    /// <summary>Forgets the last pass; the splits of the next one are then added.</summary>
    public void Begin()
    {
        Array.Clear(_mean);
        Array.Clear(_variance);
        Dispose();
        IsRecorded = true;
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
        (_deviceMean, _deviceVariance) = (mean.DetachFromDisposeScope(), variance.DetachFromDisposeScope());
    }

    /// <summary>The averages, mean first, each of the channels' number.</summary>
    public (ReadOnlyMemory<double> Mean, ReadOnlyMemory<double> Variance) Read()
    {
        if (_deviceMean is not null)
        {
            Read(_deviceMean, _mean);
            Read(_deviceVariance!, _variance);
            Dispose();
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
