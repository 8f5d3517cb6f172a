using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>What a method makes of given rows, against its definition in plain loops: which rows meet, and how the parts add up.</summary>
public sealed class CompositionTests
{
    private const double T = 0.2;

    [Fact]
    public void A_siamese_batch_is_one_genuine_and_one_impostor_pair_for_each_first_view()
    {
        // With two images of different classes nothing is left to chance: (0, 0'), (0, 1'), (1, 1'), (1, 0').
        double[][] a = Rows(2, 1), b = Rows(2, 2);
        double expected = 0;
        for (var i = 0; i < 2; i++)
        {
            expected += Square(Distance(a[i], b[i])) / 2;
            expected += Square(Math.Max(0, 1.5 - Distance(a[i], b[1 - i]))) / 2;
        }

        Assert.Equal(expected / 4, Loss("siamese", """{"margin":1.5}""", [0, 1], [a, b]), 1e-12);
    }

    [Fact]
    public void A_siamese_batch_of_one_class_has_genuine_pairs_only()
    {
        double[][] a = Rows(1, 1), b = Rows(1, 2);
        Assert.Equal(Square(Distance(a[0], b[0])) / 2, Loss("siamese", "", [3], [a, b]), 1e-12);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_triplet_batch_takes_both_views_as_anchors_positives_and_negatives(bool soft)
    {
        long[] labels = [0, 1, 0, 2];
        double[][] a = Rows(4, 1), b = Rows(4, 2);
        double[][] rows = [.. a, .. b];
        long[] all = [.. labels, .. labels];
        var terms = (from i in Places(all)
                     from p in Places(all)
                     from n in Places(all)
                     where i != p && all[i] == all[p] && all[i] != all[n]
                     let excess = Distance(rows[i], rows[p]) - Distance(rows[i], rows[n])
                     select soft ? Math.Log(1 + Math.Exp(excess)) : Math.Max(0, excess + 0.3)).ToArray();
        var options = $$"""{"miner":"All","margin":0.3,"softMargin":{{(soft ? "true" : "false")}}}""";
        Assert.Equal(terms.Average(), Loss("triplet", options, labels, [a, b]), 1e-12);
    }

    [Fact]
    public void The_hardest_triplets_are_the_farthest_positive_and_the_nearest_negative()
    {
        long[] labels = [0, 1, 0, 1];
        double[][] a = Rows(4, 3), b = Rows(4, 4);
        double[][] rows = [.. a, .. b];
        long[] all = [.. labels, .. labels];
        var terms = Places(all).Select(i => Math.Max(
            0,
            Places(all).Where(p => p != i && all[p] == all[i]).Max(p => Distance(rows[i], rows[p]))
            - Places(all).Where(n => all[n] != all[i]).Min(n => Distance(rows[i], rows[n])) + 0.2));
        Assert.Equal(terms.Average(), Loss("triplet", """{"miner":"BatchHard"}""", labels, [a, b]), 1e-12);
    }

    [Fact]
    public void N_pair_groups_the_first_pairs_of_all_classes_then_the_second()
    {
        // Class 0 has the places 0, 2, 4, 6 of both views, class 1 has 1 and 5, class 2 has 3 and 7.
        long[] labels = [0, 1, 0, 2];
        double[][] a = Rows(4, 1), b = Rows(4, 2);
        double[][] rows = [.. a, .. b];
        (int Anchor, int Positive)[] group = [(0, 2), (1, 5), (3, 7)];
        var expected = group.Average(pair => Math.Log(group.Sum(other => Math.Exp(Dot(rows[pair.Anchor], rows[other.Positive]) - Dot(rows[pair.Anchor], rows[pair.Positive])))));
        expected += 0.02 * group.SelectMany(pair => new[] { rows[pair.Anchor], rows[pair.Positive] }).Average(row => Dot(row, row));
        // The second pair of class 0, (4, 6), is alone in its group and has nothing to be told from.
        Assert.Equal(expected, Loss("n-pair", """{"penalty":0.02}""", labels, [a, b]), 1e-12);
    }

    [Fact]
    public void Nnclr_tells_the_neighbour_of_one_view_by_the_prediction_of_the_other_among_those_of_the_batch()
    {
        double[][] p1 = Rows(3, 1), p2 = Rows(3, 2), z1 = Rows(3, 3), z2 = Rows(3, 4), rows = Rows(20, 5);
        using var mirror = new QueueMirror(20, 5, ScalarType.Float64);
        var queue = new KeyQueue(20, 5, ScalarType.Float64);
        using (var values = Tensor(rows)) queue.Append(values.bytes, [.. Enumerable.Range(0, 20).Select(id => (long)id)], new(1, 1));
        mirror.Apply(queue.ReadSince(0));

        var expected = (Direction(z1, p2) + Direction(z2, p1)) / 2;
        Assert.Equal(expected, Loss("nnclr", "", [], [p1, p2, z1, z2], new() { Memory = mirror }), 1e-12);

        double Direction(double[][] asked, double[][] predictions) => Enumerable.Range(0, 3).Average(i =>
        {
            var neighbour = rows.MaxBy(row => Dot(row, asked[i]))!;
            return Math.Log(predictions.Sum(other => Math.Exp((Dot(neighbour, other) - Dot(neighbour, predictions[i])) / T)));
        });
    }

    [Theory]
    [InlineData(0.0, 0.04)]
    [InlineData(2.5, 0.055)]
    [InlineData(5.0, 0.07)]
    [InlineData(100.0, 0.07)]
    public void Dino_has_every_crop_foretell_both_teachers_of_the_large_ones_at_a_temperature_that_rises(double epoch, double temperature)
    {
        double[][][] students = [.. Enumerable.Range(0, 3).Select(crop => Rows(4, (ulong)crop + 1, width: 12))];
        double[][][] teachers = [.. Enumerable.Range(0, 2).Select(crop => Rows(4, (ulong)crop + 11, width: 12))];
        var expected = new List<double>();
        for (var large = 0; large < 2; large++)
        {
            for (var crop = 0; crop < 3; crop++)
            {
                if (crop == large) continue;
                for (var i = 0; i < 4; i++)
                {
                    double[] wanted = Softmax(teachers[large][i], temperature), found = Softmax(students[crop][i], T);
                    expected.Add(-wanted.Zip(found, (target, probability) => target * Math.Log(probability)).Sum());
                }
            }
        }

        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var loss = Loss("dino", """{"prototypes":12,"localCrops":1,"teacherWarmUpEpochs":5}""", [], [.. students, .. students[..2]], new() { Keys = [.. teachers.Select(Tensor)] }, epoch);
        Assert.Equal(expected.Average(), loss, 1e-12);
    }

    private static double Loss(string name, string options, long[] labels, double[][][] outputs, MethodTargets? targets = null, double epoch = 0)
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench(name, options, T);
        using var scope = NewDisposeScope();
        // The centre that teachers are shifted by is zero at the start, in the network's precision or any other.
        var batch = new MethodBatch
        {
            Network = bench.Model,
            Views = [Tensor(outputs[0])],
            SampleIds = new long[outputs[0].Length],
            Labels = labels,
            Position = new(3, 0, epoch),
        };
        using var encoded = new EncodedBatch(batch, outputs: outputs.Select(Tensor));
        var loss = bench.Method.Loss(encoded, targets ?? new());
        return loss.Scalar!.item<double>();
    }

    private static double[][] Rows(int count, ulong seed, int width = 5) =>
        [.. Pattern.Double(count * width, seed).Chunk(width).Select(row => row.Select(value => value / Math.Sqrt(Dot(row, row))).ToArray())];

    private static Tensor Tensor(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);

    private static IEnumerable<int> Places(long[] labels) => Enumerable.Range(0, labels.Length);

    private static double[] Softmax(double[] values, double temperature)
    {
        var powers = values.Select(value => Math.Exp((value - values.Max()) / temperature)).ToArray();
        return [.. powers.Select(power => power / powers.Sum())];
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => Square(x - y)).Sum());

    private static double Square(double value) => value * value;
}
