using OrleansContrastive.Learning.Evaluation.Maps;
using OrleansContrastive.Learning.Tests.Golden;

namespace OrleansContrastive.Learning.Tests.Evaluation.Maps;

/// <summary>Principal axes against torch's singular value decomposition (make_map_golden.py), and where variance is degenerate.</summary>
public sealed class PrincipalAxesTests
{
    [Fact]
    public void Axes_variances_and_places_are_those_of_the_singular_value_decomposition()
    {
        var golden = new GoldenFile("Evaluation/golden/maps.golden");
        var values = golden.Single("values");
        var width = (int)golden.Shape("values")[1];

        var found = PrincipalAxes.Of(values, width, 3);

        var (axes, variances, places) = (golden.Double("axes"), golden.Double("variances"), golden.Double("places"));
        for (var axis = 0; axis < 3; axis++)
        {
            Assert.Equal(variances[axis], found.Variances[axis], 1e-6 * variances[0]);
            for (var i = 0; i < width; i++) Assert.Equal(axes[(axis * width) + i], found.Axes[axis][i], 1e-5);
        }

        Assert.Equal(golden.Double("total")[0], found.TotalVariance, 1e-6 * golden.Double("total")[0]);
        for (var i = 0; i < places.Length; i++) Assert.Equal(places[i], found.Places[i], 1e-4);
    }

    [Fact]
    public void Rows_without_variance_have_orthogonal_axes_and_places_of_zero()
    {
        var found = PrincipalAxes.Of([.. Enumerable.Repeat(0.5f, 20)], 4, 3);

        Assert.All(found.Places, place => Assert.Equal(0, place));
        Assert.Equal(0, found.TotalVariance);
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 3; j++) Assert.Equal(i == j ? 1 : 0, found.Axes[i].Zip(found.Axes[j], (a, b) => a * b).Sum(), 1e-9);
        }
    }

    [Theory]
    [InlineData(0, 4, 2)]
    [InlineData(7, 4, 2)]
    [InlineData(8, 4, 5)]
    public void What_is_no_table_is_refused(int numbers, int width, int count) =>
        Assert.ThrowsAny<ArgumentException>(() => PrincipalAxes.Of(new float[numbers], width, count));
}
