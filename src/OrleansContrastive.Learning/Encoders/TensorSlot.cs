namespace OrleansContrastive.Learning.Encoders;

/// <summary>Where one tensor lies in the flat numbers of its shard.</summary>
/// <param name="Name">The name in the model, such as <c>encoder.layer1.0.conv1.weight</c>.</param>
/// <param name="Shape">The logical shape; numbers lie in its row-major order, whatever the order in memory.</param>
/// <param name="Offset">The first number, in elements from the start of the shard.</param>
/// <param name="Length">The numbers.</param>
/// <param name="Decays">Whether weight decay applies to it.</param>
/// <param name="Frozen">Whether it stays what it was drawn as.</param>
public sealed record TensorSlot(string Name, long[] Shape, long Offset, int Length, bool Decays, bool Frozen = false);
