using System.Numerics;
using OrleansContrastive.Learning.Random;

namespace OrleansContrastive.Learning.Evaluation.Maps;

/// <summary>
/// t-SNE (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008): places rows in the plane so that neighbours stay
/// neighbours. Attraction is between near rows only (<see cref="Affinities"/>), repulsion is exact: time grows with the square of the
/// rows, about ten seconds for 5,000 on two cores. Starts from the principal axes (Kobak and Berens, 2019), so that
/// the large structure is the data's; learning rate n/12 (Belkina et al., 2019). Equal seeds give equal maps, on any number of threads.
/// </summary>
public static class NeighbourMap
{
    private const double Exaggeration = 12;
    private const double StartDeviation = 1e-4;
    private const double LeastRate = 50;
    private const float LeastGain = 0.01f;

    /// <summary>Makes the map.</summary>
    /// <param name="values">[rows x width], row after row; distances are Euclidean.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="seed">Seed of the small disorder at the start.</param>
    /// <param name="perplexity">About how many neighbours a row has; above 1. With few rows less is taken.</param>
    /// <param name="rounds">Steps of gradient descent; the first quarter (250 at most) with exaggerated attraction.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Places [rows x 2], flat, around 0.</returns>
    /// <exception cref="ArgumentException">There are fewer than 3 rows, or the numbers are not rows x width.</exception>
    public static float[] Of(
        float[] values, int width, ulong seed = 1, double perplexity = 30, int rounds = 750, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 2);
        if (!(perplexity > 1)) throw new ArgumentOutOfRangeException(nameof(perplexity), perplexity, "The perplexity must lie above 1.");
        if (values.Length % width != 0 || values.Length / width < 3)
            throw new ArgumentException($"A map needs 3 rows of {width} numbers or more, found {values.Length} numbers.", nameof(values));

        var rows = values.Length / width;
        var affinities = Affinities.Of(values, width, perplexity);
        var (x, y) = Start(values, width, seed);
        var exaggerated = Math.Min(250, rounds / 4);
        var rate = (float)Math.Max(rows / Exaggeration, LeastRate);
        var (stepX, stepY) = (new float[rows], new float[rows]);
        var (gainX, gainY) = (new float[rows], new float[rows]);
        Array.Fill(gainX, 1);
        Array.Fill(gainY, 1);
        for (var round = 0; round < rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (gradientX, gradientY) = Gradient(affinities, x, y, round < exaggerated ? Exaggeration : 1);
            var momentum = round < exaggerated ? 0.5f : 0.8f;
            Move(x, stepX, gainX, gradientX, rate, momentum);
            Move(y, stepY, gainY, gradientY, rate, momentum);
        }

        var map = new float[2 * rows];
        for (var row = 0; row < rows; row++) (map[2 * row], map[(2 * row) + 1]) = (x[row], y[row]);
        return map;
    }

    /// <summary>
    /// ∂KL/∂y_i = 4 Σ_j (e·p_ij − q_ij)(y_i − y_j)/(1 + |y_i − y_j|²), equation 5, with attraction exaggerated by e.
    /// </summary>
    internal static (float[] X, float[] Y) Gradient(Affinities affinities, float[] x, float[] y, double exaggeration)
    {
        var rows = x.Length;
        var (repulseX, repulseY, sums) = (new float[rows], new float[rows], new double[rows]);
        var (attractX, attractY) = (new float[rows], new float[rows]);
        Parallel.For(0, rows, row =>
        {
            Repulsion(x, y, row, out repulseX[row], out repulseY[row], out sums[row]);
            var (towardsX, towardsY) = (0.0f, 0.0f);
            for (var at = affinities.Starts[row]; at < affinities.Starts[row + 1]; at++)
            {
                var other = affinities.Neighbours[at];
                var (dx, dy) = (x[row] - x[other], y[row] - y[other]);
                var force = affinities.Probabilities[at] / (1 + (dx * dx) + (dy * dy));
                towardsX += force * dx;
                towardsY += force * dy;
            }

            (attractX[row], attractY[row]) = (towardsX, towardsY);
        });

        // In the order of rows, whoever computed them.
        var normaliser = 1 / sums.Sum();
        for (var row = 0; row < rows; row++)
        {
            attractX[row] = (float)(4 * ((exaggeration * attractX[row]) - (normaliser * repulseX[row])));
            attractY[row] = (float)(4 * ((exaggeration * attractY[row]) - (normaliser * repulseY[row])));
        }

        return (attractX, attractY);
    }

    // Σ_j w², times the difference, and Σ_j w over the others, with w = 1/(1 + d²).
    private static void Repulsion(float[] x, float[] y, int row, out float sumX, out float sumY, out double sum)
    {
        var (ownX, ownY) = (new Vector<float>(x[row]), new Vector<float>(y[row]));
        var (alongX, alongY, all) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var at = 0;
        for (; at <= x.Length - Vector<float>.Count; at += Vector<float>.Count)
        {
            var (dx, dy) = (ownX - new Vector<float>(x, at), ownY - new Vector<float>(y, at));
            var near = Vector<float>.One / (Vector<float>.One + (dx * dx) + (dy * dy));
            all += near;
            near *= near;
            alongX += near * dx;
            alongY += near * dy;
        }

        (sumX, sumY, sum) = (Vector.Sum(alongX), Vector.Sum(alongY), Vector.Sum(all));
        for (; at < x.Length; at++)
        {
            var (dx, dy) = (x[row] - x[at], y[row] - y[at]);
            var near = 1 / (1 + (dx * dx) + (dy * dy));
            sum += near;
            sumX += near * near * dx;
            sumY += near * near * dy;
        }

        // Its own, at distance 0.
        sum -= 1;
    }

    // Delta-bar-delta: what goes on in its direction goes faster (section 3.4 of the paper, after Jacobs, 1988).
    private static void Move(float[] place, float[] step, float[] gain, float[] gradient, float rate, float momentum)
    {
        for (var i = 0; i < place.Length; i++)
        {
            gain[i] = Math.Max(LeastGain, Math.Sign(gradient[i]) == Math.Sign(step[i]) ? gain[i] * 0.8f : gain[i] + 0.2f);
            step[i] = (momentum * step[i]) - (rate * gain[i] * gradient[i]);
            place[i] += step[i];
        }

        var mean = place.Average();
        for (var i = 0; i < place.Length; i++) place[i] -= mean;
    }

    private static (float[] X, float[] Y) Start(float[] values, int width, ulong seed)
    {
        var places = PrincipalAxes.Of(values, width, 2).Places;
        var rows = places.Length / 2;
        var deviation = Math.Sqrt(Enumerable.Range(0, rows).Average(row => (double)places[2 * row] * places[2 * row]));
        var scale = deviation > 0 ? StartDeviation / deviation : 0;
        var stream = new RandomStream(seed, RandomPurpose.Map, 0, 0);
        var (x, y) = (new float[rows], new float[rows]);
        for (var row = 0; row < rows; row++)
        {
            // Equal rows would never part.
            var (first, second) = stream.NextGaussians();
            x[row] = (float)((places[2 * row] * scale) + (0.01 * StartDeviation * first));
            y[row] = (float)((places[(2 * row) + 1] * scale) + (0.01 * StartDeviation * second));
        }

        return (x, y);
    }
}
