using System.Reflection;
using TorchSharp.Native;

namespace OrleansContrastive.Offline.Tests;

public sealed class OperatorTests
{
    [Fact]
    public void Every_operator_that_the_binding_names_is_in_this_libtorch()
    {
        var operators = typeof(Op).Assembly.GetTypes()
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(f => f.FieldType == typeof(Op))
            .Select(f => (Op)f.GetValue(null)!)
            .ToArray();
        Assert.True(operators.Length > 200, $"only {operators.Length} operators found");
        var missing = operators.Where(o => Record.Exception(() => o.Handle) is not null).Select(o => o.Name).ToArray();
        Assert.Empty(missing);
    }
}
