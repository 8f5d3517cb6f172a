// These tests wait more than they compute: for processes to start, and for silences to be noticed.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
