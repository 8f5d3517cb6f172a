using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Offline.Tests;

/// <summary>
/// Random calls through the public names, most of them wrong: shapes that do not fit, element types that do not go together,
/// places that do not exist, numbers that make no sense, tensors that are disposed.
/// </summary>
internal sealed class BadCalls(int seed)
{
    private static readonly ScalarType[] Types =
        [ScalarType.Float32, ScalarType.Float32, ScalarType.Float64, ScalarType.Int64, ScalarType.Int32, ScalarType.Byte, ScalarType.Bool, ScalarType.BFloat16];

    // Sizes among them are either small or too large for any machine, so that the test itself needs no memory.
    private static readonly long[] Odd = [0, -1, -2, 1, 2, 3, 7, 100, long.MaxValue, long.MinValue, 1L << 45, 1L << 40];
    private static readonly double[] OddReals = [0, -1, 1e-12, 1e-300, 1e300, double.NaN, double.PositiveInfinity, 0.5, 2, -1e-12];
    private static readonly string[] Equations = ["ij,jk->ik", "ij,ij->", "", "->", "i,i", "ii->i", "ijk", "a,b,c->abc", "ij->kk", "..j,j", "...", "ij,jk->iz", "1j", ",,"];

    private readonly Random _random = new(seed);

    private int _call;

    /// <summary>Chooses the next call, and answers its name.</summary>
    public string Choose() => Calls[_call = _random.Next(Calls.Length)].Name;

    /// <summary>Runs the chosen call with random arguments: its exception, or null where it was good after all.</summary>
    public Exception? Run()
    {
        using var scope = NewDisposeScope();
        try
        {
            Calls[_call].Run(this);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>Whether an exception is of the kinds that a wrong call may end with.</summary>
    public static bool IsNamedError(Exception e) =>
        e is ExternalException or ArgumentException or InvalidOperationException or IndexOutOfRangeException or NotSupportedException
        && !string.IsNullOrWhiteSpace(e.Message);

    private static readonly (string Name, Action<BadCalls> Run)[] Calls =
    [
        ("matmul", b => b.Any().matmul(b.Any())),
        ("mm", b => b.Any().mm(b.Any())),
        ("bmm", b => b.Any().bmm(b.Any())),
        ("addmm", b => b.Any().addmm(b.Any(), b.Any())),
        ("einsum", b => einsum(b.Of(Equations), b.Any(), b.Any())),
        ("linear", b => nn.functional.linear(b.Any(), b.Any(), b.AnyOrNull())),
        ("conv2d", b => nn.functional.conv2d(b.Any(), b.Any(), b.AnyOrNull(), b.Longs(), b.Longs(), b.Longs(), b.Long())),
        ("conv2d image", b => nn.functional.conv2d(b.Image(), b.Image(), b.AnyOrNull(), b.Longs(2), b.Longs(2), b.Longs(2), b.Long())),
        ("batch_norm", b => nn.functional.batch_norm(b.Image(), b.AnyOrNull(), b.AnyOrNull(), b.AnyOrNull(), b.AnyOrNull(), b.Coin(), b.Real(), b.Real())),
        ("layer_norm", b => nn.functional.layer_norm(b.Any(), b.Longs(), b.AnyOrNull(), b.AnyOrNull(), b.Real())),
        ("group_norm", b => nn.functional.group_norm(b.Any(), b.Long(), b.AnyOrNull(), b.AnyOrNull(), b.Real())),
        ("max_pool2d", b => nn.functional.max_pool2d(b.Image(), b.Longs(2), b.Longs(2), b.Longs(2), b.Longs(2), b.Coin())),
        ("avg_pool2d", b => nn.functional.avg_pool2d(b.Image(), b.Longs(2), b.Longs(2), b.Longs(2), b.Coin(), b.Coin(), b.Coin() ? b.Long() : null)),
        ("adaptive_avg_pool2d", b => nn.functional.adaptive_avg_pool2d(b.Any(), b.Longs())),
        ("upsample by scale", b => nn.functional.upsample_bilinear(b.Image(), null, [b.Real(), b.Real()])),
        ("upsample by size", b => nn.functional.upsample_nearest(b.Image(), b.Longs(2))),
        ("upsample both", b => nn.functional.upsample_nearest(b.Any(), b.Longs(2), [b.Real()])),
        ("pad", b => nn.functional.pad(b.Any(), b.Longs(), (PaddingModes)b._random.Next(-1, 7), b.Real())),
        ("cross_entropy", b => nn.functional.cross_entropy(b.Any(), b.Any(), b.AnyOrNull(), b.Long(), (nn.Reduction)b._random.Next(-1, 5), b.Real())),
        ("nll_loss", b => nn.functional.nll_loss(b.Any(), b.Any(), b.AnyOrNull(), (nn.Reduction)b._random.Next(-1, 5))),
        ("one_hot", b => nn.functional.one_hot(b.Any(), b.Long())),
        ("normalize", b => nn.functional.normalize(b.Any(), b.Real(), b.Long(), b.Real())),
        ("softmax", b => b.Any().softmax(b.Long())),
        ("index_select", b => b.Any().index_select(b.Long(), b.Any())),
        ("index_copy_", b => b.Any().index_copy_(b.Long(), b.Any(), b.Any())),
        ("index_add", b => b.Any().index_add(b.Long(), b.Any(), b.Any(), b.Real())),
        ("index_put_", b => b.Any().index_put_(b.Any(), [b.Any(), b.Any()])),
        ("index", b => _ = b.Any()[b.Index(), b.Index()]),
        ("gather", b => b.Any().gather(b.Long(), b.Any())),
        ("scatter", b => b.Any().scatter(b.Long(), b.Any(), b.Any())),
        ("scatter_add_", b => b.Any().scatter_add_(b.Long(), b.Any(), b.Any())),
        ("take", b => b.Any().take(b.Any())),
        ("masked_fill", b => b.Any().masked_fill(b.Any(), b.Real())),
        ("masked_select", b => b.Any().masked_select(b.Any())),
        ("where", b => where(b.Any(), b.Any(), b.Any())),
        ("view", b => b.Any().view(b.Longs())),
        ("reshape", b => b.Any().reshape(b.Longs())),
        ("permute", b => b.Any().permute(b.Longs())),
        ("transpose", b => b.Any().transpose(b.Long(), b.Long())),
        ("expand", b => b.Any().expand(b.Longs(), b.Coin())),
        ("as_strided", b => b.Any().as_strided(b.Longs(), b.Longs(), b.Long())),
        ("unfold", b => b.Any().unfold(b.Long(), b.Long(), b.Long())),
        ("flatten", b => b.Any().flatten(b.Long(), b.Long())),
        ("unflatten", b => b.Any().unflatten(b._random.Next(-3, 4), b.Longs())),
        ("narrow", b => b.Any().narrow(b.Long(), b.Long(), b.Long())),
        ("slice", b => b.Any().slice(b.Long(), b.Long(), b.Long(), b.Long())),
        ("split", b => b.Any().split(b.Long(), b._random.Next(-3, 5))),
        ("split sizes", b => b.Any().split(b.Longs(), b.Long())),
        ("chunk", b => b.Any().chunk(Math.Min(b.Long(), 1000), b.Long())),
        ("unbind", b => b.Any().unbind(b.Long())),
        ("cat", b => cat([b.Any(), b.Any(), b.Any()], b.Long())),
        ("cat nothing", b => cat(Array.Empty<Tensor>(), b.Long())),
        ("stack", b => stack([b.Any(), b.Any()], b.Long())),
        ("roll", b => b.Any().roll(b.Longs(), b.Longs())),
        ("flip", b => b.Any().flip(b.Longs())),
        ("diagonal", b => b.Any().diagonal(b.Long(), b.Long(), b.Long())),
        ("topk", b => b.Any().topk(b._random.Next(-2, 200), b._random.Next(-4, 5))),
        ("kthvalue", b => b.Any().kthvalue(b.Long(), b.Long())),
        ("sort", b => b.Any().sort(b.Long())),
        ("quantile", b => b.Any().quantile(b.Any(), b.Long())),
        ("sum", b => b.Any().sum(b.Longs(), b.Coin())),
        ("mean", b => b.Any().mean(b.Longs(), b.Coin())),
        ("var", b => b.Any().var(b.Longs(), b.Coin(), b.Coin())),
        ("max", b => b.Any().max(b.Long())),
        ("amax", b => b.Any().amax(b.Longs(), b.Coin())),
        ("cumsum", b => b.Any().cumsum(b.Long())),
        ("logsumexp", b => b.Any().logsumexp(b.Long())),
        ("bincount", b => b.Any().bincount(b.AnyOrNull(), b._random.Next(-5, 50))),
        ("multinomial", b => b.Any().multinomial(b._random.Next(-2, 50), b.Coin())),
        ("uniform_", b => b.Any().uniform_(b.Real(), b.Real())),
        ("normal_", b => b.Any().normal_(b.Real(), b.Real())),
        ("lerp", b => b.Any().lerp(b.Any(), b.Any())),
        ("copy_", b => b.Any().copy_(b.Any())),
        ("add", b => b.Any().add(b.Any(), b.Real())),
        ("div in whole numbers", b => b.Any().div(b.Any(), (RoundingMode)b._random.Next(-1, 4))),
        ("remainder", b => b.Any().remainder(b.Any())),
        ("floor_divide", b => b.Any().floor_divide(b.Any())),
        ("pow", b => b.Any().pow(b.Any())),
        ("bitwise_and", b => b.Any().bitwise_and(b.Any())),
        ("cdist", b => cdist(b.Any(), b.Any(), b.Real())),
        ("solve", b => linalg.solve(b.Any(), b.Any())),
        ("svdvals", b => linalg.svdvals(b.Any())),
        ("zeros", b => zeros(b.Sizes())),
        ("arange", b => arange(b._random.Next(-5, 5), b._random.Next(-5, 5), b._random.Next(-2, 2))),
        ("empty_strided", b => empty_strided(b.Sizes(), b.Sizes())),
        ("to", b => b.Any().to((ScalarType)b._random.Next(-3, 40))),
        ("new device", b => b.Any().to(DeviceType.CUDA, b._random.Next(-2, 300))),
        ("backward", b => b.Any().backward()),
        ("backward with a gradient", b => autograd.backward(b.Graded().mul(2), b.Any())),
        ("grad", b => autograd.grad([b.Graded()], [b.Graded()])),
        ("grad set", b => b.Graded().grad = b.Any()),
        ("requires_grad", b => b.Any().requires_grad = true),
        ("write a leaf", b => b.Graded().add_(1)),
        ("item", b => b.Any().item<float>()),
        ("data", b => b.Any().data<float>().ToArray()),
        ("bytes", b => b.Any().bytes = new byte[b._random.Next(40)]),
        ("load", b => torch.load(Path.Combine(AppContext.BaseDirectory, b.Coin() ? "xunit.v3.core.dll" : "no-such-file"))),
        ("tensor", b => tensor(new float[b._random.Next(5)], b.Sizes())),
    ];

    private bool Coin() => _random.Next(2) == 0;

    private T Of<T>(T[] values) => values[_random.Next(values.Length)];

    private long Long() => _random.Next(4) == 0 ? Of(Odd) : _random.Next(-2, 6);

    private double Real() => _random.Next(3) == 0 ? Of(OddReals) : _random.NextDouble() * 4 - 1;

    private long[] Longs() => Longs(_random.Next(5));

    private long[] Longs(int count) => Enumerable.Range(0, count).Select(_ => Long()).ToArray();

    private long[] Sizes() => Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(6) == 0 ? Of([-1, 1L << 50, long.MaxValue, long.MinValue]) : _random.Next(4)).ToArray();

    private TensorIndex Index() => _random.Next(6) switch
    {
        0 => TensorIndex.Single(Long()),
        1 => TensorIndex.Slice(Long(), Long(), Long()),
        2 => TensorIndex.Ellipsis,
        3 => TensorIndex.None,
        4 => TensorIndex.Bool(Coin()),
        _ => TensorIndex.Tensor(Any()),
    };

    private Tensor? AnyOrNull() => Coin() ? Any() : null;

    private Tensor Graded() => rand([_random.Next(1, 4), _random.Next(1, 4)], requires_grad: true);

    private Tensor Image()
    {
        if (_random.Next(5) == 0) return Any();
        return rand([_random.Next(3), _random.Next(5), _random.Next(8), _random.Next(8)], dtype: _random.Next(6) == 0 ? ScalarType.Float64 : ScalarType.Float32);
    }

    private Tensor Any()
    {
        var shape = Enumerable.Range(0, _random.Next(5)).Select(_ => (long)_random.Next(_random.Next(4) == 0 ? 1 : 6)).ToArray();
        var made = randint(-3, 8, shape, ScalarType.Float32).to_type(Of(Types));
        if (_random.Next(4) == 0 && shape.Length > 1) made = made.transpose(0, -1);
        if (_random.Next(12) == 0) made.Dispose();
        return made;
    }
}
