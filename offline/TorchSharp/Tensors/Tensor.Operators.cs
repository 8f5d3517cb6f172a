namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);
        public static Tensor operator +(Tensor left, Scalar right) => left.add(right);
        public static Tensor operator +(Scalar left, Tensor right) => right.add(left);
        public static Tensor operator +(Tensor left, int right) => left.Plus((long)right);
        public static Tensor operator +(Tensor left, long right) => left.Plus(right);
        public static Tensor operator +(Tensor left, float right) => left.Plus((double)right);
        public static Tensor operator +(Tensor left, double right) => left.Plus(right);
        public static Tensor operator +(int left, Tensor right) => right.Plus((long)left);
        public static Tensor operator +(long left, Tensor right) => right.Plus(left);
        public static Tensor operator +(float left, Tensor right) => right.Plus((double)left);
        public static Tensor operator +(double left, Tensor right) => right.Plus(left);

        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);
        public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);
        public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);
        public static Tensor operator *(Tensor left, int right) => left.Times((long)right);
        public static Tensor operator *(Tensor left, long right) => left.Times(right);
        public static Tensor operator *(Tensor left, float right) => left.Times((double)right);
        public static Tensor operator *(Tensor left, double right) => left.Times(right);
        public static Tensor operator *(int left, Tensor right) => right.Times((long)left);
        public static Tensor operator *(long left, Tensor right) => right.Times(left);
        public static Tensor operator *(float left, Tensor right) => right.Times((double)left);
        public static Tensor operator *(double left, Tensor right) => right.Times(left);

        public static Tensor operator -(Tensor tensor) => tensor.neg();
        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);
        public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);
        public static Tensor operator -(Scalar left, Tensor right) => Then(right.neg(), left, static (t, s) => t.add(s));
        public static Tensor operator -(Tensor left, int right) => left.Minus((long)right);
        public static Tensor operator -(Tensor left, long right) => left.Minus(right);
        public static Tensor operator -(Tensor left, float right) => left.Minus((double)right);
        public static Tensor operator -(Tensor left, double right) => left.Minus(right);
        public static Tensor operator -(int left, Tensor right) => Then(right.neg(), (long)left, static (t, s) => t.Plus(s));
        public static Tensor operator -(long left, Tensor right) => Then(right.neg(), left, static (t, s) => t.Plus(s));
        public static Tensor operator -(float left, Tensor right) => Then(right.neg(), (double)left, static (t, s) => t.Plus(s));
        public static Tensor operator -(double left, Tensor right) => Then(right.neg(), left, static (t, s) => t.Plus(s));

        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);
        public static Tensor operator /(Tensor left, Scalar right) => left.div(right);
        public static Tensor operator /(Scalar left, Tensor right) => Then(right.reciprocal(), left, static (t, s) => t.mul(s));
        public static Tensor operator /(Tensor left, int right) => left.Over((long)right);
        public static Tensor operator /(Tensor left, long right) => left.Over(right);
        public static Tensor operator /(Tensor left, float right) => left.Over((double)right);
        public static Tensor operator /(Tensor left, double right) => left.Over(right);
        public static Tensor operator /(int left, Tensor right) => Then(right.reciprocal(), (long)left, static (t, s) => t.Times(s));
        public static Tensor operator /(long left, Tensor right) => Then(right.reciprocal(), left, static (t, s) => t.Times(s));
        public static Tensor operator /(float left, Tensor right) => Then(right.reciprocal(), (double)left, static (t, s) => t.Times(s));
        public static Tensor operator /(double left, Tensor right) => Then(right.reciprocal(), left, static (t, s) => t.Times(s));

        public static Tensor operator %(Tensor left, Tensor right) => left.remainder(right);
        public static Tensor operator %(Tensor left, Scalar right) => left.remainder(right);
        public static Tensor operator %(Tensor left, int right) => left.Modulo((long)right);
        public static Tensor operator %(Tensor left, long right) => left.Modulo(right);
        public static Tensor operator %(Tensor left, float right) => left.Modulo((double)right);
        public static Tensor operator %(Tensor left, double right) => left.Modulo(right);

        public static Tensor operator &(Tensor left, Tensor right) => left.bitwise_and(right);
        public static Tensor operator |(Tensor left, Tensor right) => left.bitwise_or(right);
        public static Tensor operator ^(Tensor left, Tensor right) => left.bitwise_xor(right);
        public static Tensor operator ~(Tensor left) => left.bitwise_not();

        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);
        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);
        public static Tensor operator ==(Scalar left, Tensor right) => right.eq(left);
        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);
        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);
        public static Tensor operator !=(Scalar left, Tensor right) => right.ne(left);
        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);
        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);
        public static Tensor operator <(Scalar left, Tensor right) => right.gt(left);
        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);
        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);
        public static Tensor operator <=(Scalar left, Tensor right) => right.ge(left);
        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);
        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);
        public static Tensor operator >(Scalar left, Tensor right) => right.lt(left);
        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);
        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);
        public static Tensor operator >=(Scalar left, Tensor right) => right.le(left);

        public static implicit operator Tensor(byte value) => torch.tensor(value);
        public static implicit operator Tensor(short value) => torch.tensor(value);
        public static implicit operator Tensor(int value) => torch.tensor(value);
        public static implicit operator Tensor(long value) => torch.tensor(value);
        public static implicit operator Tensor(float value) => torch.tensor(value);
        public static implicit operator Tensor(double value) => torch.tensor(value);
        public static implicit operator Tensor(bool value) => torch.tensor(value);
        public static implicit operator Tensor(byte[] value) => torch.tensor(value);
        public static implicit operator Tensor(int[] value) => torch.tensor(value);
        public static implicit operator Tensor(long[] value) => torch.tensor(value);
        public static implicit operator Tensor(float[] value) => torch.tensor(value);
        public static implicit operator Tensor(double[] value) => torch.tensor(value);
        public static implicit operator Tensor(bool[] value) => torch.tensor(value);

        /// <summary>A tensor without dimensions, of the scalar's type.</summary>
        public static implicit operator Tensor(Scalar scalar) => torch.full([], scalar, scalar.Type);

        public override bool Equals(object? obj) => obj is Tensor tensor && Equals(tensor);

        /// <summary>True for two tensors of one shape and equal elements.</summary>
        public bool Equals(Tensor target) => SameElements(target);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        public override string ToString() => IsInvalid ? "[disposed]" : $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        // The tensor between two operators is an operand of the graph, not of the caller.
        private static Tensor Then<T>(Tensor between, T operand, Func<Tensor, T, Tensor> next)
        {
            using (between) return next(between, operand);
        }
    }
}
