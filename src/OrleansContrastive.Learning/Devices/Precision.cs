namespace OrleansContrastive.Learning.Devices;

/// <summary>The numbers a model computes with. Weights, batch-norm parameters and losses stay in single precision or better.</summary>
public enum Precision
{
    /// <summary>Everything in fp32.</summary>
    Float32,

    /// <summary>fp32 weights; convolutions and linear layers compute on bfloat16 copies of weights and activations.</summary>
    BFloat16,

    /// <summary>Everything in fp64; for tests of mathematics.</summary>
    Float64,
}
