using OrleansContrastive.Cli;

return await ContrastiveCommand.RunAsync(args);
