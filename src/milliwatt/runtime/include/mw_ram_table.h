/* SPDX-License-Identifier: Apache-2.0 */
/* Where tables lie that shall be in RAM while the model runs: with the initialised variables, which every start-up
 * code copies from flash. A firmware may define the attribute itself, for a memory of its own. */
#ifndef MW_RAM_TABLE_H
#define MW_RAM_TABLE_H

#if !defined(MW_RAM_TABLE) && defined(__ELF__) && (defined(__GNUC__) || defined(__clang__))
#define MW_RAM_TABLE __attribute__((section(".data.mw_weights")))
#elif !defined(MW_RAM_TABLE)
#define MW_RAM_TABLE
#endif

#endif
