/** Bytes as people read them: "1.06 GB". */
export const gigabytes = (bytes: number, decimals = 2): string => `${(bytes / 1e9).toFixed(decimals)} GB`;
