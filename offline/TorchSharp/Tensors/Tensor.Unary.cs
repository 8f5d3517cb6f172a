using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Abs = new("aten::abs");
    public static readonly Op Abs_ = new("aten::abs_");
    public static readonly Op Ceil = new("aten::ceil");
    public static readonly Op Ceil_ = new("aten::ceil_");
    public static readonly Op Cos = new("aten::cos");
    public static readonly Op Cos_ = new("aten::cos_");
    public static readonly Op Exp = new("aten::exp");
    public static readonly Op Exp_ = new("aten::exp_");
    public static readonly Op Exp2 = new("aten::exp2");
    public static readonly Op Exp2_ = new("aten::exp2_");
    public static readonly Op Expm1 = new("aten::expm1");
    public static readonly Op Expm1_ = new("aten::expm1_");
    public static readonly Op Floor = new("aten::floor");
    public static readonly Op Floor_ = new("aten::floor_");
    public static readonly Op Frac = new("aten::frac");
    public static readonly Op Frac_ = new("aten::frac_");
    public static readonly Op Log = new("aten::log");
    public static readonly Op Log_ = new("aten::log_");
    public static readonly Op Log10 = new("aten::log10");
    public static readonly Op Log10_ = new("aten::log10_");
    public static readonly Op Log1p = new("aten::log1p");
    public static readonly Op Log1p_ = new("aten::log1p_");
    public static readonly Op Log2 = new("aten::log2");
    public static readonly Op Log2_ = new("aten::log2_");
    public static readonly Op Neg = new("aten::neg");
    public static readonly Op Neg_ = new("aten::neg_");
    public static readonly Op Reciprocal = new("aten::reciprocal");
    public static readonly Op Reciprocal_ = new("aten::reciprocal_");
    public static readonly Op Rsqrt = new("aten::rsqrt");
    public static readonly Op Rsqrt_ = new("aten::rsqrt_");
    public static readonly Op Sign = new("aten::sign");
    public static readonly Op Sign_ = new("aten::sign_");
    public static readonly Op Sin = new("aten::sin");
    public static readonly Op Sin_ = new("aten::sin_");
    public static readonly Op Sqrt = new("aten::sqrt");
    public static readonly Op Sqrt_ = new("aten::sqrt_");
    public static readonly Op Square = new("aten::square");
    public static readonly Op Tanh = new("aten::tanh");
    public static readonly Op Tanh_ = new("aten::tanh_");
    public static readonly Op Trunc = new("aten::trunc");
    public static readonly Op Trunc_ = new("aten::trunc_");
    public static readonly Op Sigmoid = new("aten::sigmoid");
    public static readonly Op Sigmoid_ = new("aten::sigmoid_");
    public static readonly Op Erf = new("aten::erf");
    public static readonly Op Erf_ = new("aten::erf_");
}

public static partial class torch
{
    // Functions of one tensor, element by element; the name with a trailing _ writes into the tensor itself.
    public partial class Tensor
    {
        public Tensor abs() => Dispatch.Run(Aten.Abs, this);
        public Tensor abs_() => Dispatch.RunInPlace(Aten.Abs_, this);
        public Tensor ceil() => Dispatch.Run(Aten.Ceil, this);
        public Tensor ceil_() => Dispatch.RunInPlace(Aten.Ceil_, this);
        public Tensor cos() => Dispatch.Run(Aten.Cos, this);
        public Tensor cos_() => Dispatch.RunInPlace(Aten.Cos_, this);
        public Tensor exp() => Dispatch.Run(Aten.Exp, this);
        public Tensor exp_() => Dispatch.RunInPlace(Aten.Exp_, this);
        public Tensor exp2() => Dispatch.Run(Aten.Exp2, this);
        public Tensor exp2_() => Dispatch.RunInPlace(Aten.Exp2_, this);
        public Tensor expm1() => Dispatch.Run(Aten.Expm1, this);
        public Tensor expm1_() => Dispatch.RunInPlace(Aten.Expm1_, this);
        public Tensor floor() => Dispatch.Run(Aten.Floor, this);
        public Tensor floor_() => Dispatch.RunInPlace(Aten.Floor_, this);
        public Tensor frac() => Dispatch.Run(Aten.Frac, this);
        public Tensor frac_() => Dispatch.RunInPlace(Aten.Frac_, this);
        public Tensor log() => Dispatch.Run(Aten.Log, this);
        public Tensor log_() => Dispatch.RunInPlace(Aten.Log_, this);
        public Tensor log10() => Dispatch.Run(Aten.Log10, this);
        public Tensor log10_() => Dispatch.RunInPlace(Aten.Log10_, this);
        public Tensor log1p() => Dispatch.Run(Aten.Log1p, this);
        public Tensor log1p_() => Dispatch.RunInPlace(Aten.Log1p_, this);
        public Tensor log2() => Dispatch.Run(Aten.Log2, this);
        public Tensor log2_() => Dispatch.RunInPlace(Aten.Log2_, this);
        public Tensor neg() => Dispatch.Run(Aten.Neg, this);
        public Tensor neg_() => Dispatch.RunInPlace(Aten.Neg_, this);
        public Tensor reciprocal() => Dispatch.Run(Aten.Reciprocal, this);
        public Tensor reciprocal_() => Dispatch.RunInPlace(Aten.Reciprocal_, this);
        public Tensor rsqrt() => Dispatch.Run(Aten.Rsqrt, this);
        public Tensor rsqrt_() => Dispatch.RunInPlace(Aten.Rsqrt_, this);
        public Tensor sign() => Dispatch.Run(Aten.Sign, this);
        public Tensor sign_() => Dispatch.RunInPlace(Aten.Sign_, this);
        public Tensor sin() => Dispatch.Run(Aten.Sin, this);
        public Tensor sin_() => Dispatch.RunInPlace(Aten.Sin_, this);
        public Tensor sqrt() => Dispatch.Run(Aten.Sqrt, this);
        public Tensor sqrt_() => Dispatch.RunInPlace(Aten.Sqrt_, this);
        public Tensor square() => Dispatch.Run(Aten.Square, this);
        public Tensor tanh() => Dispatch.Run(Aten.Tanh, this);
        public Tensor tanh_() => Dispatch.RunInPlace(Aten.Tanh_, this);
        public Tensor trunc() => Dispatch.Run(Aten.Trunc, this);
        public Tensor trunc_() => Dispatch.RunInPlace(Aten.Trunc_, this);
        public Tensor sigmoid() => Dispatch.Run(Aten.Sigmoid, this);
        public Tensor sigmoid_() => Dispatch.RunInPlace(Aten.Sigmoid_, this);
        public Tensor erf() => Dispatch.Run(Aten.Erf, this);
        public Tensor erf_() => Dispatch.RunInPlace(Aten.Erf_, this);
        public Tensor absolute() => abs();
        public Tensor negative() => neg();
    }

    public static Tensor abs(Tensor input) => input.abs();
    public static Tensor ceil(Tensor input) => input.ceil();
    public static Tensor cos(Tensor input) => input.cos();
    public static Tensor exp(Tensor input) => input.exp();
    public static Tensor exp2(Tensor input) => input.exp2();
    public static Tensor expm1(Tensor input) => input.expm1();
    public static Tensor floor(Tensor input) => input.floor();
    public static Tensor frac(Tensor input) => input.frac();
    public static Tensor log(Tensor input) => input.log();
    public static Tensor log10(Tensor input) => input.log10();
    public static Tensor log1p(Tensor input) => input.log1p();
    public static Tensor log2(Tensor input) => input.log2();
    public static Tensor neg(Tensor input) => input.neg();
    public static Tensor reciprocal(Tensor input) => input.reciprocal();
    public static Tensor rsqrt(Tensor input) => input.rsqrt();
    public static Tensor sign(Tensor input) => input.sign();
    public static Tensor sin(Tensor input) => input.sin();
    public static Tensor sqrt(Tensor input) => input.sqrt();
    public static Tensor square(Tensor input) => input.square();
    public static Tensor tanh(Tensor input) => input.tanh();
    public static Tensor trunc(Tensor input) => input.trunc();
    public static Tensor sigmoid(Tensor input) => input.sigmoid();
    public static Tensor erf(Tensor input) => input.erf();
    public static Tensor negative(Tensor input) => input.neg();
}
