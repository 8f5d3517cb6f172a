using System.Security.Cryptography;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>
/// Vouches that an evaluation leaves the encoder as it was, running batch-norm moments included: the mistake that makes
/// linear figures look too good. On the model's thread.
/// </summary>
public sealed class FrozenWeights
{
    private readonly ContrastiveModel _model;
    private readonly byte[] _before;

    private FrozenWeights(ContrastiveModel model) => (_model, _before) = (model, Fingerprint(model));

    /// <summary>Remembers a model as it is now.</summary>
    public static FrozenWeights Of(ContrastiveModel model) => new(model);

    /// <summary>Compares the model with what it was, bit for bit.</summary>
    /// <exception cref="InvalidOperationException">A parameter or a running moment has changed.</exception>
    public void AssertUnchanged()
    {
        if (!_before.AsSpan().SequenceEqual(Fingerprint(_model)))
            throw new InvalidOperationException("The encoder's weights or running moments changed during an evaluation that keeps them frozen; its figures are void.");
    }

    private static byte[] Fingerprint(ContrastiveModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var whole = model.Layout.Split(1)[0];
        hash.AppendData(ModelExchange.ReadParameters(model, whole));
        hash.AppendData(ModelExchange.ReadMoments(model, whole));
        return hash.GetHashAndReset();
    }
}
