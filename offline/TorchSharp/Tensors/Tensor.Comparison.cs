using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Eq = new("aten::eq", "Tensor");
    public static readonly Op EqScalar = new("aten::eq", "Scalar");
    public static readonly Op Ne = new("aten::ne", "Tensor");
    public static readonly Op NeScalar = new("aten::ne", "Scalar");
    public static readonly Op Lt = new("aten::lt", "Tensor");
    public static readonly Op LtScalar = new("aten::lt", "Scalar");
    public static readonly Op Le = new("aten::le", "Tensor");
    public static readonly Op LeScalar = new("aten::le", "Scalar");
    public static readonly Op Gt = new("aten::gt", "Tensor");
    public static readonly Op GtScalar = new("aten::gt", "Scalar");
    public static readonly Op Ge = new("aten::ge", "Tensor");
    public static readonly Op GeScalar = new("aten::ge", "Scalar");
    public static readonly Op Equal = new("aten::equal");
    public static readonly Op Allclose = new("aten::allclose");
    public static readonly Op Isnan = new("aten::isnan");
    public static readonly Op Isinf = new("aten::isinf");
    public static readonly Op Isfinite = new("aten::isfinite");
    public static readonly Op Isclose = new("aten::isclose");
    public static readonly Op LogicalAnd = new("aten::logical_and");
    public static readonly Op LogicalOr = new("aten::logical_or");
    public static readonly Op LogicalNot = new("aten::logical_not");
    public static readonly Op BitwiseAnd = new("aten::bitwise_and", "Tensor");
    public static readonly Op BitwiseOr = new("aten::bitwise_or", "Tensor");
    public static readonly Op BitwiseXor = new("aten::bitwise_xor", "Tensor");
    public static readonly Op BitwiseNot = new("aten::bitwise_not");
    public static readonly Op Where = new("aten::where", "self");
    public static readonly Op MaskedFill = new("aten::masked_fill", "Scalar");
    public static readonly Op MaskedFill_ = new("aten::masked_fill_", "Scalar");
    public static readonly Op MaskedSelect = new("aten::masked_select");
    public static readonly Op Isin = new("aten::isin", "Tensor_Tensor");
}

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor eq(Tensor target) => Dispatch.Run(Aten.Eq, this, target);
        public Tensor eq(Scalar target) => Dispatch.Run(Aten.EqScalar, this, target);
        public Tensor equal(Tensor target) => eq(target);
        public Tensor ne(Tensor target) => Dispatch.Run(Aten.Ne, this, target);
        public Tensor ne(Scalar target) => Dispatch.Run(Aten.NeScalar, this, target);
        public Tensor not_equal(Tensor target) => ne(target);
        public Tensor lt(Tensor target) => Dispatch.Run(Aten.Lt, this, target);
        public Tensor lt(Scalar target) => Dispatch.Run(Aten.LtScalar, this, target);
        public Tensor le(Tensor target) => Dispatch.Run(Aten.Le, this, target);
        public Tensor le(Scalar target) => Dispatch.Run(Aten.LeScalar, this, target);
        public Tensor gt(Tensor target) => Dispatch.Run(Aten.Gt, this, target);
        public Tensor gt(Scalar target) => Dispatch.Run(Aten.GtScalar, this, target);
        public Tensor ge(Tensor target) => Dispatch.Run(Aten.Ge, this, target);
        public Tensor ge(Scalar target) => Dispatch.Run(Aten.GeScalar, this, target);

        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
            Dispatch.RunBool(Aten.Allclose, this, target, rtol, atol, equal_nan);

        public Tensor isclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) =>
            Dispatch.Run(Aten.Isclose, this, other, rtol, atol, nanEqual);

        public Tensor isnan() => Dispatch.Run(Aten.Isnan, this);
        public Tensor isinf() => Dispatch.Run(Aten.Isinf, this);
        public Tensor isfinite() => Dispatch.Run(Aten.Isfinite, this);
        public Tensor isin(Tensor test_elements, bool assumeUnique = false, bool invert = false) =>
            Dispatch.Run(Aten.Isin, this, test_elements, assumeUnique, invert);

        public Tensor logical_and(Tensor other) => Dispatch.Run(Aten.LogicalAnd, this, other);
        public Tensor logical_or(Tensor other) => Dispatch.Run(Aten.LogicalOr, this, other);
        public Tensor logical_not() => Dispatch.Run(Aten.LogicalNot, this);
        public Tensor bitwise_and(Tensor other) => Dispatch.Run(Aten.BitwiseAnd, this, other);
        public Tensor bitwise_or(Tensor other) => Dispatch.Run(Aten.BitwiseOr, this, other);
        public Tensor bitwise_xor(Tensor other) => Dispatch.Run(Aten.BitwiseXor, this, other);
        public Tensor bitwise_not() => Dispatch.Run(Aten.BitwiseNot, this);

        /// <summary>This tensor where the condition holds, y elsewhere.</summary>
        public Tensor where(Tensor condition, Tensor y) => Dispatch.Run(Aten.Where, condition, this, y);

        public Tensor masked_fill(Tensor mask, Scalar value) => Dispatch.Run(Aten.MaskedFill, this, mask, value);
        public Tensor masked_fill_(Tensor mask, Scalar value) => Dispatch.RunInPlace(Aten.MaskedFill_, this, mask, value);
        public Tensor masked_select(Tensor mask) => Dispatch.Run(Aten.MaskedSelect, this, mask);

        private bool SameElements(Tensor target) =>
            dtype == target.dtype && device_type == target.device_type && Dispatch.RunBool(Aten.Equal, this, target);
    }

    public static Tensor eq(Tensor left, Tensor right) => left.eq(right);
    public static Tensor ne(Tensor left, Tensor right) => left.ne(right);
    public static Tensor lt(Tensor left, Tensor right) => left.lt(right);
    public static Tensor le(Tensor left, Tensor right) => left.le(right);
    public static Tensor gt(Tensor left, Tensor right) => left.gt(right);
    public static Tensor ge(Tensor left, Tensor right) => left.ge(right);

    public static bool allclose(Tensor tensor, Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
        tensor.allclose(target, rtol, atol, equal_nan);

    public static Tensor isclose(Tensor tensor, Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) =>
        tensor.isclose(other, rtol, atol, nanEqual);

    public static Tensor isnan(Tensor input) => input.isnan();
    public static Tensor isinf(Tensor tensor) => tensor.isinf();
    public static Tensor isfinite(Tensor tensor) => tensor.isfinite();
    public static Tensor logical_and(Tensor left, Tensor right) => left.logical_and(right);
    public static Tensor logical_or(Tensor left, Tensor right) => left.logical_or(right);
    public static Tensor logical_not(Tensor input) => input.logical_not();
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => x.where(condition, y);
    public static Tensor masked_select(Tensor input, Tensor mask) => input.masked_select(mask);
}
