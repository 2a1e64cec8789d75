package dev.millrace.model.network;

/** A network that can be a channel of a tower. */
interface ChannelShape extends NetworkShape {

    /**
     * A kernel of this shape, with its first weights.
     *
     * @param outputScale factor on the first weights of the last layer, in [0, 1]
     */
    TowerKernel kernel(long seed, double outputScale);

    /** Whether it reads the layers that channels share, where there are any; else it reads the fields. */
    default boolean readsSharedLayers() {
        return false;
    }
}
