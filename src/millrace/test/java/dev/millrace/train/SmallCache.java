package dev.millrace.train;

/** Settings with less heap for embedding rows than {@code table.cache-bytes} may be. */
public final class SmallCache {

    private SmallCache() {}

    public static TrainerSettings of(TrainerSettings settings, long bytes) {
        return new TrainerSettings(
                settings.batch(),
                settings.model(),
                settings.engine(),
                settings.threads(),
                settings.readThreads(),
                settings.exam(),
                settings.alarms(),
                settings.publish(),
                settings.fast(),
                settings.neighbours(),
                settings.isHistoryAnswered(),
                settings.youngBudget(),
                settings.learnFrom(),
                settings.digestSteps(),
                bytes);
    }
}
