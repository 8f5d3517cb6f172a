using System.CommandLine;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive methods</c>: what can be trained.</summary>
internal static class MethodsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("methods", "The methods by name, and the options of their own.");
        command.SetAction(_ => List());
        return command;
    }

    private static int List()
    {
        foreach (var entry in MethodRegistry.Shared.Names.Select(MethodRegistry.Shared.Find))
        {
            Console.WriteLine($"  {entry.Name,-16} {entry.About}");
            if (entry.Options.Count > 0) Console.WriteLine($"  {"",-16} --set {string.Join(", ", entry.Options)}");
        }

        return ExitCodes.Done;
    }
}
