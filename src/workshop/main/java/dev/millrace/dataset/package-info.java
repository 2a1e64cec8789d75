/** Public data sets, as they are downloaded. */
package dev.millrace.dataset;
