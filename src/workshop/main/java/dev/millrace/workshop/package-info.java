/** The commands with which people try, choose and measure: demo, init, evaluate, tune, bench. */
package dev.millrace.workshop;
