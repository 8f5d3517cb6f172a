using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Add = new("aten::add", "Tensor");
    public static readonly Op AddScalar = new("aten::add", "Scalar");
    public static readonly Op Add_ = new("aten::add_", "Tensor");
    public static readonly Op AddScalar_ = new("aten::add_", "Scalar");
    public static readonly Op Sub = new("aten::sub", "Tensor");
    public static readonly Op SubScalar = new("aten::sub", "Scalar");
    public static readonly Op Sub_ = new("aten::sub_", "Tensor");
    public static readonly Op SubScalar_ = new("aten::sub_", "Scalar");
    public static readonly Op Mul = new("aten::mul", "Tensor");
    public static readonly Op MulScalar = new("aten::mul", "Scalar");
    public static readonly Op Mul_ = new("aten::mul_", "Tensor");
    public static readonly Op MulScalar_ = new("aten::mul_", "Scalar");
    public static readonly Op Div = new("aten::div", "Tensor_mode");
    public static readonly Op DivScalar = new("aten::div", "Scalar_mode");
    public static readonly Op DivPlain = new("aten::div", "Scalar");
    public static readonly Op Div_ = new("aten::div_", "Tensor_mode");
    public static readonly Op DivScalar_ = new("aten::div_", "Scalar_mode");
    public static readonly Op Remainder = new("aten::remainder", "Tensor");
    public static readonly Op RemainderScalar = new("aten::remainder", "Scalar");
    public static readonly Op FloorDivide = new("aten::floor_divide");
    public static readonly Op Pow = new("aten::pow", "Tensor_Tensor");
    public static readonly Op PowScalar = new("aten::pow", "Tensor_Scalar");
    public static readonly Op Pow_ = new("aten::pow_", "Tensor");
    public static readonly Op PowScalar_ = new("aten::pow_", "Scalar");
    public static readonly Op Lerp = new("aten::lerp", "Tensor");
    public static readonly Op Lerp_ = new("aten::lerp_", "Tensor");
    public static readonly Op Addcmul = new("aten::addcmul");
    public static readonly Op Addcmul_ = new("aten::addcmul_");
    public static readonly Op Addcdiv = new("aten::addcdiv");
    public static readonly Op Addcdiv_ = new("aten::addcdiv_");
    public static readonly Op Clamp = new("aten::clamp");
    public static readonly Op ClampTensor = new("aten::clamp", "Tensor");
    public static readonly Op Clamp_ = new("aten::clamp_");
    public static readonly Op ClampTensor_ = new("aten::clamp_", "Tensor");
    public static readonly Op ClampMin = new("aten::clamp_min");
    public static readonly Op ClampMin_ = new("aten::clamp_min_");
    public static readonly Op ClampMax = new("aten::clamp_max");
    public static readonly Op ClampMax_ = new("aten::clamp_max_");
    public static readonly Op Maximum = new("aten::maximum");
    public static readonly Op Minimum = new("aten::minimum");
    public static readonly Op Logaddexp = new("aten::logaddexp");
    public static readonly Op Fill_ = new("aten::fill_", "Scalar");
    public static readonly Op Zero_ = new("aten::zero_");
    public static readonly Op Atan2 = new("aten::atan2");
}

public static partial class torch
{
    /// <summary>How a quotient is rounded: not at all, towards zero, or down.</summary>
    public enum RoundingMode
    {
        None,
        trunc,
        floor,
    }

    public partial class Tensor
    {
        public Tensor add(Tensor target) => Dispatch.Run(Aten.Add, this, target);
        public Tensor add(Tensor target, Scalar alpha) => Dispatch.Run(Aten.Add, this, target, alpha);
        public Tensor add(Scalar scalar) => Dispatch.Run(Aten.AddScalar, this, scalar);
        public Tensor add(Scalar scalar, Scalar alpha) => Dispatch.Run(Aten.AddScalar, this, scalar, alpha);
        public Tensor add_(Tensor target) => Dispatch.RunInPlace(Aten.Add_, this, target);

        /// <summary>Adds alpha times the target.</summary>
        public Tensor add_(Tensor target, Scalar alpha) => Dispatch.RunInPlace(Aten.Add_, this, target, alpha);

        public Tensor add_(Scalar scalar) => Dispatch.RunInPlace(Aten.AddScalar_, this, scalar);
        public Tensor add_(Scalar scalar, Scalar alpha) => Dispatch.RunInPlace(Aten.AddScalar_, this, scalar, alpha);

        public Tensor sub(Tensor target) => Dispatch.Run(Aten.Sub, this, target);
        public Tensor sub(Scalar target) => Dispatch.Run(Aten.SubScalar, this, target);
        public Tensor subtract(Tensor target) => sub(target);
        public Tensor subtract(Scalar target) => sub(target);
        public Tensor sub_(Tensor target) => Dispatch.RunInPlace(Aten.Sub_, this, target);
        public Tensor sub_(Scalar target) => Dispatch.RunInPlace(Aten.SubScalar_, this, target);

        public Tensor mul(Tensor target) => Dispatch.Run(Aten.Mul, this, target);
        public Tensor mul(Scalar target) => Dispatch.Run(Aten.MulScalar, this, target);
        public Tensor multiply(Tensor target) => mul(target);
        public Tensor multiply(Scalar target) => mul(target);
        public Tensor mul_(Tensor target) => Dispatch.RunInPlace(Aten.Mul_, this, target);
        public Tensor mul_(Scalar target) => Dispatch.RunInPlace(Aten.MulScalar_, this, target);

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            Dispatch.Run(Aten.Div, this, target, Rounding(rounding_mode));
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            Dispatch.Run(Aten.DivScalar, this, target, Rounding(rounding_mode));
        public Tensor divide(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);
        public Tensor divide(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            Dispatch.RunInPlace(Aten.Div_, this, target, Rounding(rounding_mode));
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            Dispatch.RunInPlace(Aten.DivScalar_, this, target, Rounding(rounding_mode));

        public Tensor remainder(Tensor target) => Dispatch.Run(Aten.Remainder, this, target);
        public Tensor remainder(Scalar scalar) => Dispatch.Run(Aten.RemainderScalar, this, scalar);
        public Tensor floor_divide(Tensor other) => Dispatch.Run(Aten.FloorDivide, this, other);

        public Tensor pow(Tensor exponent) => Dispatch.Run(Aten.Pow, this, exponent);
        public Tensor pow(Scalar exponent) => Dispatch.Run(Aten.PowScalar, this, exponent);
        public Tensor pow_(Tensor exponent) => Dispatch.RunInPlace(Aten.Pow_, this, exponent);
        public Tensor pow_(Scalar exponent) => Dispatch.RunInPlace(Aten.PowScalar_, this, exponent);

        /// <summary>this + weight · (end − this).</summary>
        public Tensor lerp(Tensor end, Tensor weight) => Dispatch.Run(Aten.Lerp, this, end, weight);
        public Tensor lerp_(Tensor end, Tensor weight) => Dispatch.RunInPlace(Aten.Lerp_, this, end, weight);

        /// <summary>this + value · tensor1 · tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Dispatch.Run(Aten.Addcmul, this, tensor1, tensor2, value);
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => Dispatch.RunInPlace(Aten.Addcmul_, this, tensor1, tensor2, value);

        /// <summary>this + value · tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Dispatch.Run(Aten.Addcdiv, this, tensor1, tensor2, value);
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Dispatch.Run(Aten.Addcdiv, this, tensor1, tensor2);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => Dispatch.RunInPlace(Aten.Addcdiv_, this, tensor1, tensor2, value);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => Dispatch.RunInPlace(Aten.Addcdiv_, this, tensor1, tensor2);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Dispatch.Run(Aten.Clamp, this, min, max);
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Dispatch.Run(Aten.ClampTensor, this, min, max);
        public Tensor clip(Scalar? min = null, Scalar? max = null) => clamp(min, max);
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Dispatch.RunInPlace(Aten.Clamp_, this, min, max);
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => Dispatch.RunInPlace(Aten.ClampTensor_, this, min, max);
        public Tensor clamp_min(Scalar min) => Dispatch.Run(Aten.ClampMin, this, min);
        public Tensor clamp_min_(Scalar min) => Dispatch.RunInPlace(Aten.ClampMin_, this, min);
        public Tensor clamp_max(Scalar max) => Dispatch.Run(Aten.ClampMax, this, max);
        public Tensor clamp_max_(Scalar max) => Dispatch.RunInPlace(Aten.ClampMax_, this, max);

        public Tensor maximum(Tensor other) => Dispatch.Run(Aten.Maximum, this, other);
        public Tensor minimum(Tensor other) => Dispatch.Run(Aten.Minimum, this, other);
        public Tensor max(Tensor other) => maximum(other);
        public Tensor min(Tensor other) => minimum(other);

        /// <summary>log(exp(this) + exp(other)).</summary>
        public Tensor logaddexp(Tensor other) => Dispatch.Run(Aten.Logaddexp, this, other);

        public Tensor atan2(Tensor other) => Dispatch.Run(Aten.Atan2, this, other);

        public Tensor fill_(Scalar value) => Dispatch.RunInPlace(Aten.Fill_, this, value);
        public Tensor zero_() => Dispatch.RunInPlace(Aten.Zero_, this);

        // The operators below give libtorch plain numbers, without a Scalar between.
        internal Tensor Plus(Arg right) => Dispatch.Run(Aten.AddScalar, this, right);
        internal Tensor Minus(Arg right) => Dispatch.Run(Aten.SubScalar, this, right);
        internal Tensor Times(Arg right) => Dispatch.Run(Aten.MulScalar, this, right);
        internal Tensor Over(Arg right) => Dispatch.Run(Aten.DivPlain, this, right);
        internal Tensor Modulo(Arg right) => Dispatch.Run(Aten.RemainderScalar, this, right);
        internal Tensor PlusInPlace(Arg right) => Dispatch.RunInPlace(Aten.AddScalar_, this, right);
        internal Tensor PlusScaledInPlace(Tensor right, double alpha) => Dispatch.RunInPlace(Aten.Add_, this, right, alpha);
        internal Tensor TimesInPlace(Arg right) => Dispatch.RunInPlace(Aten.MulScalar_, this, right);

        private static Arg Rounding(RoundingMode mode) => mode switch
        {
            RoundingMode.None => Arg.None,
            RoundingMode.trunc => "trunc",
            RoundingMode.floor => "floor",
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Expected None, trunc or floor."),
        };
    }

    public static Tensor add(Tensor left, Tensor right) => left.add(right);
    public static Tensor add(Tensor left, Scalar right) => left.add(right);
    public static Tensor add(Tensor left, Tensor right, Scalar alpha) => left.add(right, alpha);
    public static Tensor sub(Tensor left, Tensor right) => left.sub(right);
    public static Tensor sub(Tensor left, Scalar right) => left.sub(right);
    public static Tensor mul(Tensor left, Tensor right) => left.mul(right);
    public static Tensor mul(Tensor left, Scalar right) => left.mul(right);
    public static Tensor div(Tensor left, Tensor right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);
    public static Tensor div(Tensor left, Scalar right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);
    public static Tensor pow(Tensor left, Tensor exponent) => left.pow(exponent);
    public static Tensor pow(Tensor left, Scalar exponent) => left.pow(exponent);
    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);
    public static Tensor clamp(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp(min, max);
    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);
    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);
    public static Tensor logaddexp(Tensor left, Tensor right) => left.logaddexp(right);
    public static Tensor lerp(Tensor input, Tensor end, Tensor weight) => input.lerp(end, weight);
}
