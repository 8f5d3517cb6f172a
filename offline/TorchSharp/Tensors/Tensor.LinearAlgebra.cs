using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Matmul = new("aten::matmul");
    public static readonly Op Mm = new("aten::mm");
    public static readonly Op Bmm = new("aten::bmm");
    public static readonly Op Mv = new("aten::mv");
    public static readonly Op Dot = new("aten::dot");
    public static readonly Op Outer = new("aten::outer");
    public static readonly Op Addmm = new("aten::addmm");
    public static readonly Op Addmm_ = new("aten::addmm_");
    public static readonly Op Baddbmm = new("aten::baddbmm");
    public static readonly Op Trace = new("aten::trace");
    public static readonly Op Einsum = new("aten::einsum");
    public static readonly Op Cdist = new("aten::cdist");
    public static readonly Op VectorNorm = new("aten::linalg_vector_norm");
    public static readonly Op Qr = new("aten::linalg_qr");
    public static readonly Op Svdvals = new("aten::linalg_svdvals");
    public static readonly Op Eigvalsh = new("aten::linalg_eigvalsh");
    public static readonly Op Solve = new("aten::linalg_solve");
}

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor matmul(Tensor target) => Dispatch.Run(Aten.Matmul, this, target);
        public Tensor mm(Tensor target) => Dispatch.Run(Aten.Mm, this, target);
        public Tensor bmm(Tensor batch2) => Dispatch.Run(Aten.Bmm, this, batch2);
        public Tensor mv(Tensor target) => Dispatch.Run(Aten.Mv, this, target);
        public Tensor dot(Tensor target) => Dispatch.Run(Aten.Dot, this, target);
        public Tensor outer(Tensor vec2) => Dispatch.Run(Aten.Outer, this, vec2);

        /// <summary>beta · this + alpha · mat1 · mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Dispatch.Run(Aten.Addmm, this, mat1, mat2, (double)beta, (double)alpha);
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Dispatch.RunInPlace(Aten.Addmm_, this, mat1, mat2, (double)beta, (double)alpha);
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) =>
            Dispatch.Run(Aten.Baddbmm, this, batch1, batch2, (double)beta, (double)alpha);
        public Tensor trace() => Dispatch.Run(Aten.Trace, this);
    }

    public static Tensor matmul(Tensor input, Tensor target) => input.matmul(target);
    public static Tensor mm(Tensor input, Tensor target) => input.mm(target);
    public static Tensor bmm(Tensor input, Tensor batch2) => input.bmm(batch2);
    public static Tensor mv(Tensor input, Tensor target) => input.mv(target);
    public static Tensor dot(Tensor input, Tensor other) => input.dot(other);
    public static Tensor outer(Tensor input, Tensor vec2) => input.outer(vec2);
    public static Tensor addmm(Tensor input, Tensor mat1, Tensor mat2, float beta, float alpha) => input.addmm(mat1, mat2, beta, alpha);
    public static Tensor trace(Tensor input) => input.trace();

    /// <summary>Sums of products by index names, e.g. "nc,nc->n".</summary>
    public static Tensor einsum(string equation, params Tensor[] tensors) => Dispatch.Run(Aten.Einsum, equation, tensors);

    /// <summary>Distances between the rows of two matrices.</summary>
    public static Tensor cdist(Tensor x1, Tensor x2, double p = 2.0, compute_mode compute_mode = compute_mode.use_mm_for_euclid_dist_if_necessary) =>
        Dispatch.Run(Aten.Cdist, x1, x2, p, (long)compute_mode);

    /// <summary>Decompositions and norms.</summary>
    public static class linalg
    {
        public static Tensor vector_norm(Tensor input, double ord = 2d, long[]? dims = null, bool keepdim = false) =>
            Dispatch.Run(Aten.VectorNorm, input, ord, dims, keepdim);

        public static Tensor svdvals(Tensor input) => Dispatch.Run(Aten.Svdvals, input);

        public static Tensor eigvalsh(Tensor input, char UPLO = 'L') => Dispatch.Run(Aten.Eigvalsh, input, UPLO.ToString());

        public static Tensor solve(Tensor A, Tensor B) => Dispatch.Run(Aten.Solve, A, B);
    }
}
