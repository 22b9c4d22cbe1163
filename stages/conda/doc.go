// Package conda takes environments from explicit lists, as `conda list --explicit`
// and conda-lock write them: it reads them, locks each package's file by sha256,
// fetches the files, and hands them to micromamba, mamba or conda as files on this
// machine. Nothing is ever resolved here, and no client downloads anything.
//
// What is locked is a python.Lock whose Manager is "conda".
package conda
