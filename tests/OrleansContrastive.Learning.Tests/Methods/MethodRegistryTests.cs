using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Tests.Methods;

public sealed class MethodRegistryTests
{
    [Fact]
    public void Every_name_that_the_field_knows_is_there()
    {
        string[] names =
        [
            "instdisc", "pirl", "moco-v1", "moco-v2", "moco-v3", "simclr", "cpc", "cpc-v2", "cpc-sequence", "supcon", "dcl", "nnclr", "byol", "simsiam", "swav", "vicreg",
            "barlow-twins", "dino", "siamese", "triplet", "n-pair", "rotation", "relative-patch", "jigsaw", "colorization", "context-encoder", "frame-order",
        ];
        Assert.Empty(names.Except(MethodRegistry.Shared.Names));
    }

    [Fact]
    public void An_unknown_method_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<ArgumentException>(() => MethodRegistry.Shared.Find("simclrr"));
        Assert.Contains("'simclrr'", fault.Message);
        Assert.Contains("simclr", fault.Message);
    }

    [Theory]
    [InlineData("""{"lamda":0.3}""", "lamda")]
    [InlineData("""{"lambda":"much"}""", "lambda")]
    [InlineData("{", "pirl")]
    public void Options_that_cannot_be_read_are_refused(string options, string named)
    {
        var fault = Assert.Throws<ArgumentException>(() => MethodRegistry.Shared.Find("pirl").Create(new(), options));
        Assert.Contains(named, fault.Message);
    }

    [Fact]
    public void A_name_is_given_once()
    {
        var registry = new MethodRegistry();
        var entry = MethodEntry.Of<NoOptions>("mine", "My own", (context, _) => new SimClr(context));
        registry.Add(entry);
        Assert.Contains("My own", Assert.Throws<ArgumentException>(() => registry.Add(entry)).Message);
        Assert.Equal(["mine"], registry.Names);
    }

    [Fact]
    public void An_assembly_without_methods_is_refused() =>
        Assert.Contains(nameof(IMethodModule), Assert.Throws<ArgumentException>(() => new MethodRegistry().Load(typeof(object).Assembly)).Message);
}
