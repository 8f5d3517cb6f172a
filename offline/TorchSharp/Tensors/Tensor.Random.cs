using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Normal_ = new("aten::normal_");
    public static readonly Op Uniform_ = new("aten::uniform_");
    public static readonly Op Bernoulli_ = new("aten::bernoulli_", "float");
    public static readonly Op Multinomial = new("aten::multinomial");
}

public static partial class torch
{
    // Draws from libtorch's default generator, into the tensor itself.
    public partial class Tensor
    {
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) =>
            Dispatch.RunInPlace(Aten.Normal_, this, mean, std);

        public Tensor uniform_(double from, double to, Generator? generator = null) =>
            Dispatch.RunInPlace(Aten.Uniform_, this, from, to);

        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => Dispatch.RunInPlace(Aten.Bernoulli_, this, p);

        /// <summary>Draws places by their weights; one row of places per row of weights.</summary>
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            Dispatch.Run(Aten.Multinomial, this, num_samples, replacement);
    }
}
