using System.Security.Cryptography;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Grains.Silos;

/// <summary>
/// Weights from elsewhere that a run's encoder starts from. They lie in the run's store under their hash, so that every machine
/// starts from the same bytes, and the spec that names the hash says all that decides what the run learns.
/// </summary>
public static class InitialEncoder
{
    private const string Folder = "initial-weights";

    /// <summary>Where weights of this SHA-256 lie in a store.</summary>
    public static string KeyOf(string hash) => $"{Folder}/{hash}.safetensors";

    /// <summary>Reads what was stored, and compares it with its hash.</summary>
    /// <exception cref="CheckpointException">It is missing or damaged.</exception>
    public static async Task<SafeTensorsContent> ReadAsync(ICheckpointStore store, InitialEncoderSpec initial, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(initial);
        var key = KeyOf(initial.Sha256);
        var stored = await store.ReadAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new CheckpointException($"The weights of '{initial.Source}' that the run starts from are not in {store.Location}: there is no '{key}'.");
        var found = Convert.ToHexStringLower(SHA256.HashData(stored.Content.Span));
        return found == initial.Sha256
            ? SafeTensors.Read(stored.Content, key)
            : throw new CheckpointException($"'{key}' in {store.Location} is damaged: expected SHA-256 {initial.Sha256}, found {found}.");
    }

    /// <summary>Overwrites the encoder of a model. On the model's thread.</summary>
    internal static void Load(ContrastiveModel model, SafeTensorsContent content)
    {
        var whole = model.Layout.Split(1)[0];
        var (parameters, moments) = (ModelExchange.ReadParameters(model, whole), ModelExchange.ReadMoments(model, whole));
        var tensors = content.Tensors.ToDictionary(tensor => tensor.Name);
        Put(whole.Parameters, parameters);
        Put(whole.Moments, moments);
        ModelExchange.LoadParameters(model, whole, parameters);
        ModelExchange.LoadMoments(model, whole, moments);

        void Put(IReadOnlyList<TensorSlot> slots, byte[] flat)
        {
            foreach (var slot in slots)
            {
                if (tensors.TryGetValue(slot.Name, out var tensor)) tensor.Data.Span.CopyTo(flat.AsSpan((int)slot.Offset * whole.ElementSize, slot.Length * whole.ElementSize));
            }
        }
    }
}
